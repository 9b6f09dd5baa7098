//! Manifests of workloads that need no pods, for tests that are about something else than rollouts.

/// A `CronJob` with one container `app`. `metadata` are more fields of its metadata, `pod` more fields of its pods,
/// both as YAML's flow mappings have them, such as `labels: {app: web}`; empty for none.
pub(crate) fn cron_job(name: &str, image: &str, metadata: &str, pod: &str) -> String {
    let more = |fields: &str| match fields {
        "" => String::new(),
        fields => format!(", {fields}"),
    };
    let (metadata, pod) = (more(metadata), more(pod));
    format!(
        "---
apiVersion: batch/v1
kind: CronJob
metadata: {{name: {name}{metadata}}}
spec:
  schedule: 0 0 1 1 *
  jobTemplate:
    spec:
      template:
        spec: {{restartPolicy: Never, containers: [{{name: app, image: '{image}'}}]{pod}}}
"
    )
}
