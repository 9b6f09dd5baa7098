//! Renders a chart without the server, for whoever may not ask it what a dry run asks: the objects that
//! a template looks up, and those that would be new.

use std::ffi::OsString;
use std::path::Path;

use secrecy::SecretString;
use serde_json::Value;

use super::chart::RENDER;
use super::process::{Call, Helm, HelmError};
use super::rollouts::KEEP_VALUES;
use super::stored::StoredRelease;

/// Whether the server did not let helm look, which says nothing about the chart.
pub(super) fn is_forbidden(error: &HelmError) -> bool {
    error.to_string().contains(" is forbidden: User ")
}

impl Helm {
    /// Renders a chart as an upgrade of a release would, as far as that can be done without the server:
    /// what a template looks up there is empty, and its version is the one that this helm was built for.
    ///
    /// # Errors
    /// helm's, or the chart's values cannot be read.
    pub async fn template(
        &self,
        standing: &StoredRelease,
        chart: &Path,
        values: &[OsString],
        secrets: &[SecretString],
    ) -> Result<StoredRelease, HelmError> {
        let release = &standing.release;
        let defaults = self.defaults(chart).await?;
        let mut arguments: Vec<OsString> = vec![
            "template".into(),
            "--is-upgrade".into(),
            "--namespace".into(),
            (&*release.namespace).into(),
        ];
        let (mode, given) = match values.split_first() {
            Some((mode, given)) => (mode.to_string_lossy(), given),
            None => (KEEP_VALUES.into(), values),
        };
        // It knows nothing of the release, so that it is handed the values of that.
        let mut copies = self.copies().clone();
        let mut hand = |name: &str, values: &Value| {
            let mut argument = OsString::from("--values=");
            argument.push(copies.keep(name, values.to_string().into_bytes()));
            arguments.push(argument);
        };
        if mode == "--reuse-values" {
            hand("the values of the installed chart", &standing.chart_values);
        }
        if mode != "--reset-values" {
            hand("the values of the release", &standing.values);
        }
        arguments.extend(given.iter().cloned());
        arguments.push("--".into());
        arguments.push((&*release.name).into());
        arguments.push(chart.into());
        let call = Call { arguments, deadline: RENDER, secrets, ..Call::default() };
        let printed = self.with_copies(copies).run(&call).await?;
        Ok(StoredRelease {
            chart_values: defaults,
            manifest: String::from_utf8_lossy(&printed.stdout).into_owned(),
            // They stand in the manifest.
            hooks: Vec::new(),
            ..standing.clone()
        })
    }

    /// The values of a chart.
    async fn defaults(&self, chart: &Path) -> Result<Value, HelmError> {
        let arguments = vec!["show".into(), "values".into(), "--".into(), chart.into()];
        let call = Call { arguments, deadline: RENDER, ..Call::default() };
        let printed = self.run(&call).await?;
        match serde_yaml::from_slice::<Option<Value>>(&printed.stdout) {
            Ok(values) => Ok(values.unwrap_or_else(|| Value::Object(serde_json::Map::new()))),
            // The message would quote them.
            Err(_) => Err(HelmError::Failed {
                verb: "show values".into(),
                message: "the values of the chart are no YAML that can be read".into(),
                said: String::new(),
                killed: false,
            }),
        }
    }
}
