//! Renders charts as a release would get them, and makes what was looked at ready to be installed.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use secrecy::SecretString;

use super::super::chart::{FetchError, Fetched, Reach, Wanted};
use super::super::diff::{DiffCall, is_installed};
use super::super::manifest;
use super::super::process::HelmError;
use super::super::stored::StoredRelease;
use super::super::template::is_forbidden;
use super::super::words;
use super::{HelmRollouts, KEEP_VALUES, Upgrade, locked};
use crate::domain::change::ObjectId;
use crate::domain::chart::ChartSource;
use crate::domain::preview::PreviewObject;
use crate::ports::previews::{ChartWanted, PreviewError, Previews, Rendering};

impl HelmRollouts {
    async fn standing_of(&self, object: &ObjectId) -> Result<Rendering, PreviewError> {
        let unreadable = |error: String| PreviewError::Unreadable(error);
        let stored = self.stored(object).await.map_err(|error| unreadable(error.to_string()))?;
        rendering(super::standing(&stored), None).map_err(unreadable)
    }

    async fn rendered(
        &self,
        object: &ObjectId,
        wanted: &ChartWanted,
        changed: bool,
    ) -> Result<Rendering, PreviewError> {
        let chart = format!("{}-{}", wanted.name, wanted.version);
        let helm = self.helm().await.map_err(|error| no_helm(&error))?;
        let fetched = self.fetched(wanted).await?;
        let options = &self.access.options;
        let kept: [OsString; 1] = [KEEP_VALUES.into()];
        let values: &[OsString] = if changed { &options.values } else { &kept };
        let place = (&*object.namespace, &*object.name);
        let secrets = self.secrets(object).await;
        let secrets = secrets.as_slice();
        let mut printed = helm.render(place, &fetched.path, values, secrets).await;
        let forbidden = printed.as_ref().err().filter(|error| is_forbidden(error)).map(words);
        if forbidden.is_some() {
            let stored = self.stored(object).await;
            let stored = stored.map_err(|error| PreviewError::Unreadable(error.to_string()))?;
            let standing = super::standing(&stored);
            printed = helm.template(standing, &fetched.path, values, secrets).await;
        }
        let printed = printed.map_err(|error| {
            let message = words(&error);
            if changed && is_of_values(&message) {
                PreviewError::Values(message)
            } else {
                PreviewError::Render { chart: chart.clone(), message }
            }
        })?;
        let name = &printed.release.chart.name;
        if **name != *wanted.name {
            let message = format!("it is chart {name}, and the release has {}", wanted.name);
            return Err(PreviewError::Render { chart, message });
        }
        let hidden = secrets_of(&printed, secrets);
        if forbidden.is_some() {
            // Nothing is made ready, because what could not be asked is not written either.
            locked(&self.secrets).entry(object.clone()).or_default().extend(hidden);
        } else if changed {
            let upgrade = Upgrade {
                version: Arc::clone(&printed.release.chart.version),
                chart: absolute(&fetched.path),
                kept: fetched.kept.clone(),
                values: options.values.clone(),
                timeout: options.timeout,
                hooks: printed.hooks.len(),
                stateful: printed.release.has_hooks || printed.release.has_crds,
                secrets: hidden,
            };
            locked(&self.upgrades).insert(object.clone(), upgrade);
        }
        let rendering = rendering(&printed, Some(&fetched))
            .map_err(|message| PreviewError::Render { chart, message })?;
        Ok(Rendering { forbidden, ..rendering })
    }

    /// What must not be shown of a release, whether it stands or is made ready.
    pub async fn hidden(&self, object: &ObjectId) -> Vec<SecretString> {
        let mut hidden = self.secrets(object).await;
        let upgrades = locked(&self.upgrades);
        hidden.extend(upgrades.get(object).iter().flat_map(|one| one.secrets.iter().cloned()));
        hidden
    }

    /// What must not be shown of a release: asked for once.
    async fn secrets(&self, object: &ObjectId) -> Vec<SecretString> {
        if let Some(known) = locked(&self.secrets).get(object) {
            return known.clone();
        }
        let known = &self.access.options.secrets;
        let found = match self.stored(object).await {
            Ok(stored) => {
                let known = secrets_of(super::standing(&stored), known);
                secrets_of(&stored.newest, &known)
            }
            // Asked again the next time.
            Err(_) => return known.clone(),
        };
        locked(&self.secrets).insert(object.clone(), found.clone());
        found
    }

    /// Fetches a chart, once.
    async fn fetched(&self, wanted: &ChartWanted) -> Result<Fetched, PreviewError> {
        let key = format!("{} {} {}", wanted.source, wanted.name, wanted.version);
        if let Some(known) = locked(&self.charts).get(&key) {
            return Ok(known.clone());
        }
        let helm = self.helm().await.map_err(|error| no_helm(&error))?;
        let fetched = helm
            .fetch(&Wanted {
                source: &wanted.source,
                name: &wanted.name,
                version: &wanted.version,
                digest: wanted.digest.as_ref(),
                reach: &self.reach(&wanted.source),
            })
            .await
            .map_err(|error| PreviewError::Fetch {
                chart: format!("{}-{}", wanted.name, wanted.version),
                message: match error {
                    FetchError::Helm(error) => words(&error),
                    other => other.to_string(),
                },
            })?;
        locked(&self.charts).insert(key, fetched.clone());
        Ok(fetched)
    }

    /// How a registry is reached: as the user says, and one on this machine in plain, as for images.
    fn reach(&self, source: &ChartSource) -> Reach {
        let ChartSource::Oci(reference) = source else { return Reach::default() };
        let registry = reference.split('/').next().unwrap_or_default();
        let host = registry.rsplit_once(':').map_or(registry, |(host, _)| host);
        let said = self.access.registries.get(registry).cloned().unwrap_or_default();
        let here = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
        Reach { plain: here && !said.insecure && said.ca.is_none(), ..said }
    }
}

impl HelmRollouts {
    /// What helm-diff says, where it is installed and somebody reads it.
    async fn plugin_told(&self, object: &ObjectId, context: Option<usize>) -> Option<String> {
        let plugins = self.access.plugins.as_deref().filter(|_| self.access.for_people);
        let plugins = plugins.filter(|plugins| is_installed(plugins))?;
        let upgrade = locked(&self.upgrades).get(object).cloned()?;
        let helm = self.helm().await.ok()?;
        let said = helm
            .plugin_diff(&DiffCall {
                namespace: &object.namespace,
                release: &object.name,
                chart: &upgrade.chart,
                values: &upgrade.values,
                context,
                secrets: &upgrade.secrets,
            })
            .await;
        match said {
            Ok(text) => text,
            Err(error) => {
                let plugins = plugins.display();
                tracing::warn!(event = "helm-diff", %plugins, %error);
                None
            }
        }
    }
}

impl Previews for HelmRollouts {
    fn standing<'a>(
        &'a self,
        object: &'a ObjectId,
    ) -> BoxFuture<'a, Result<Rendering, PreviewError>> {
        Box::pin(self.standing_of(object))
    }

    fn render<'a>(
        &'a self,
        object: &'a ObjectId,
        chart: &'a ChartWanted,
        changed: bool,
    ) -> BoxFuture<'a, Result<Rendering, PreviewError>> {
        Box::pin(self.rendered(object, chart, changed))
    }

    fn told<'a>(
        &'a self,
        object: &'a ObjectId,
        context: Option<usize>,
    ) -> BoxFuture<'a, Option<String>> {
        Box::pin(self.plugin_told(object, context))
    }
}

/// Every value of a revision that looks like a secret, those of the chart's defaults and of its Secrets
/// too, beside those that are known: helm may quote a template's line when it fails, and a template
/// may write a value anywhere.
pub(super) fn secrets_of(stored: &StoredRelease, known: &[SecretString]) -> Vec<SecretString> {
    let mut found = known.to_vec();
    words::collect(&stored.values, &mut found);
    words::collect(&stored.chart_values, &mut found);
    let manifests = stored.hooks.iter().map(|hook| &hook.manifest).chain([&stored.manifest]);
    manifests.for_each(|text| manifest::secrets(text, |secret| words::hide(secret, &mut found)));
    found
}

/// helm may be started in another directory than the one in which a path was written.
fn absolute(path: &std::path::Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf())
}

fn rendering(stored: &StoredRelease, fetched: Option<&Fetched>) -> Result<Rendering, String> {
    let release = &stored.release;
    let namespace = release.target_namespace.as_ref().unwrap_or(&release.namespace);
    let read = |text: &str| -> Result<Vec<PreviewObject>, String> {
        manifest::read(text, namespace).map_err(|error| error.to_string())
    };
    let mut objects = read(&stored.manifest)?;
    for hook in &stored.hooks {
        objects.extend(read(&hook.manifest)?);
    }
    Ok(Rendering {
        objects,
        defaults: manifest::values(&stored.chart_values),
        values: manifest::values(&stored.values),
        digest: fetched.map(|fetched| fetched.digest.clone()),
        template_hash: super::hash(stored),
        forbidden: None,
    })
}

fn no_helm(error: &HelmError) -> PreviewError {
    let hint = error.hint();
    PreviewError::NoHelm { message: error.to_string(), hint }
}

/// Whether helm did not come to the chart, because it cannot read what it was told of the values
/// (`pkg/cli/values/options.go`).
fn is_of_values(message: &str) -> bool {
    ["failed parsing --set", "failed to parse "].iter().any(|start| message.starts_with(start))
}

/// What helm says, without what it was to do.
fn words(error: &HelmError) -> String {
    match error {
        HelmError::Failed { message, .. } => message.clone(),
        other => other.to_string(),
    }
}
