use super::*;

fn check(metadata: &str, expected: &Owner) {
    let read: WireMetadata<'_> = serde_json::from_str(metadata).expect("the fixture is JSON");
    assert_eq!(&owner(&read), expected, "{metadata}");
}

fn manifest(manager: &str) -> Owner {
    Owner::Manifest { manager: Some(manager.into()) }
}

fn helm(release: &str, namespace: &str) -> Owner {
    Owner::Helm { release: release.into(), namespace: namespace.into() }
}

#[test]
fn controllers_own() {
    check(
        r#"{"ownerReferences":[{"apiVersion":"x/v1","kind":"Kafka","name":"k","controller":true}]}"#,
        &Owner::Controller { kind: "Kafka".into(), name: "k".into() },
    );
    check(
        r#"{"ownerReferences":[{"apiVersion":"x/v1","kind":"Kafka","name":"k"}]}"#,
        &Owner::Nobody,
    );
    check(
        r#"{"ownerReferences":[{"apiVersion":"operators.coreos.com/v1alpha1",
            "kind":"ClusterServiceVersion","name":"c","controller":true}]}"#,
        &Owner::Olm,
    );
}

#[test]
fn what_delivers_from_git_comes_before_helm() {
    let helm_marks =
        r#""meta.helm.sh/release-name":"shop","meta.helm.sh/release-namespace":"prod""#;
    check(&format!(r#"{{"annotations":{{{helm_marks}}}}}"#), &helm("shop", "prod"));
    check(
        &format!(
            r#"{{"annotations":{{{helm_marks},
                "argocd.argoproj.io/tracking-id":"shop-prod:apps/Deployment:prod/web"}}}}"#
        ),
        &Owner::ArgoCd { application: Some("shop-prod".into()) },
    );
    check(
        &format!(
            r#"{{"annotations":{{{helm_marks}}},"labels":{{
                "helm.toolkit.fluxcd.io/name":"shop","helm.toolkit.fluxcd.io/namespace":"flux-system"}}}}"#
        ),
        &Owner::Flux { kind: "HelmRelease", namespace: "flux-system".into(), name: "shop".into() },
    );
    check(
        &format!(
            r#"{{"annotations":{{{helm_marks}}},
                "managedFields":[{{"manager":"helm-controller","operation":"Update"}}]}}"#
        ),
        &Owner::Flux { kind: "HelmRelease", namespace: "prod".into(), name: "shop".into() },
    );
    check(
        &format!(
            r#"{{"annotations":{{{helm_marks},"objectset.rio.cattle.io/id":"default-shop-fleet"}}}}"#
        ),
        &Owner::Fleet,
    );
}

#[test]
fn argo_cd_needs_more_than_the_instance_label() {
    check(r#"{"labels":{"app.kubernetes.io/instance":"shop"}}"#, &Owner::Nobody);
    for manager in ["argocd-controller", "argocd-application-controller"] {
        check(
            &format!(r#"{{"managedFields":[{{"manager":"{manager}","operation":"Apply"}}]}}"#),
            &Owner::ArgoCd { application: None },
        );
    }
}

#[test]
fn flux_names_its_kustomization() {
    check(
        r#"{"labels":{"kustomize.toolkit.fluxcd.io/name":"apps",
            "kustomize.toolkit.fluxcd.io/namespace":"flux-system"}}"#,
        &Owner::Flux {
            kind: "Kustomization",
            namespace: "flux-system".into(),
            name: "apps".into(),
        },
    );
    check(
        r#"{"managedFields":[{"manager":"kustomize-controller","operation":"Apply"}]}"#,
        &Owner::ManagedBy("kustomize-controller".into()),
    );
}

#[test]
fn helm_needs_a_release() {
    check(
        r#"{"namespace":"prod","annotations":{"meta.helm.sh/release-name":"shop"}}"#,
        &helm("shop", "prod"),
    );
    check(
        r#"{"namespace":"prod","labels":{"app.kubernetes.io/instance":"shop"},
            "managedFields":[{"manager":"helm","operation":"Update"}]}"#,
        &helm("shop", "prod"),
    );
    check(
        r#"{"managedFields":[{"manager":"helm","operation":"Apply"}]}"#,
        &Owner::ManagedBy("Helm".into()),
    );
    // `helm template | kubectl apply -f -`
    check(
        r#"{"labels":{"app.kubernetes.io/managed-by":"Helm"},
            "annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{}"},
            "managedFields":[{"manager":"kubectl-client-side-apply","operation":"Update"}]}"#,
        &manifest("kubectl-client-side-apply"),
    );
}

#[test]
fn marks_of_platforms() {
    check(r#"{"labels":{"olm.owner":"etcd.v1"}}"#, &Owner::Olm);
    check(r#"{"labels":{"operators.coreos.com/etcd.operators":""}}"#, &Owner::Olm);
    check(
        r#"{"namespace":"kube-system","labels":{"addonmanager.kubernetes.io/mode":"Reconcile"}}"#,
        &Owner::AddonManager,
    );
    check(
        r#"{"annotations":{"objectset.rio.cattle.io/owner-gvk":"k3s.cattle.io/v1, Kind=Addon"}}"#,
        &Owner::AddonManager,
    );
    check(r#"{"labels":{"kapp.k14s.io/app":"1700000000"}}"#, &Owner::Kapp);
    check(
        r#"{"labels":{"app.kubernetes.io/managed-by":"strimzi-cluster-operator"}}"#,
        &Owner::ManagedBy("strimzi-cluster-operator".into()),
    );
    check(r#"{"labels":{"app.kubernetes.io/name":"safe-update"}}"#, &Owner::Ourselves);
}

#[test]
fn manifests_are_applied_by_somebody() {
    check(
        r#"{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{\"a\":1}"}}"#,
        &Owner::Manifest { manager: None },
    );
    check(r#"{"managedFields":[{"manager":"kubectl","operation":"Apply"}]}"#, &manifest("kubectl"));
    check(r#"{"managedFields":[{"manager":"safe-update","operation":"Apply"}]}"#, &Owner::Nobody);
    check(
        r#"{"managedFields":[{"manager":"vpa","operation":"Apply","subresource":"status"}]}"#,
        &Owner::Nobody,
    );
    check(
        r#"{"namespace":"kube-system","annotations":{"kubectl.kubernetes.io/last-applied-configuration":""}}"#,
        &Owner::ClusterSystem,
    );
}

#[test]
fn imperative_commands_leave_nobody() {
    for manager in ["kubectl-create", "kubectl-set", "kubectl-edit", "kubectl-rollout"] {
        check(
            &format!(
                r#"{{"managedFields":[{{"manager":"{manager}","operation":"Update"}},
                    {{"manager":"kube-controller-manager","operation":"Update","subresource":"status"}}]}}"#
            ),
            &Owner::Nobody,
        );
    }
    check("{}", &Owner::Nobody);
}
