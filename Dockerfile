# The image of a release: one program and what it reads. `just image` lays out target/image and builds it; nothing is
# compiled and nothing is fetched here, so the image holds the very program of the archive.
FROM scratch
# Set by BuildKit for each platform, and by dist/image.sh for engines without it.
ARG TARGETARCH
ARG VERSION=unknown
ARG REVISION=unknown
ARG CREATED=unknown
LABEL org.opencontainers.image.title="safe-update" \
      org.opencontainers.image.description="Finds newer versions of what runs in a Kubernetes cluster and says why each may or may not be applied" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.source="https://github.com/safe-update/safe-update" \
      org.opencontainers.image.url="https://github.com/safe-update/safe-update" \
      org.opencontainers.image.documentation="https://github.com/safe-update/safe-update#readme" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.vendor="Safe Update"
COPY target/image/${TARGETARCH}/root/ /
# Its own home, because what was done is recorded there; a volume keeps it. The group root may write there too: a
# user that is named without a group (--user, OpenShift) is in it.
COPY --chown=65532:0 target/image/${TARGETARCH}/home/ /home/
ENV HOME=/home/safe-update PATH=/usr/local/bin SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
USER 65532:65532
WORKDIR /home/safe-update
ENTRYPOINT ["/usr/local/bin/kubectl-safe_update"]
