//! The variables that stand in for flags that were not typed. What is typed counts more; an empty
//! variable counts as unset.

use clap::ValueEnum;

use super::args::{Candidates, Cli, Command, Connection};
use super::error::CommandError;
use crate::adapters::config::Environment;
use crate::domain::candidate::Level;

/// Every variable that is read here.
pub const FLAG_VARIABLES: [&str; 5] = [
    "SAFE_UPDATE_COLOR",
    "SAFE_UPDATE_CONFIG",
    "SAFE_UPDATE_LEVEL",
    "SAFE_UPDATE_LOG_FORMAT",
    "SAFE_UPDATE_OFFLINE",
];

/// Variables of the installer of the Helm plugin, which may be set for good; nothing here reads them.
pub const INSTALLER_VARIABLES: [&str; 3] =
    ["SAFE_UPDATE_BIN", "SAFE_UPDATE_TARBALL", "SAFE_UPDATE_URL"];

/// Fills in flags from the environment.
///
/// # Errors
/// A value that the flag would not take either.
pub fn fill(cli: &mut Cli, environment: &Environment) -> Result<(), CommandError> {
    let global = &mut cli.global;
    if global.color.is_none() {
        global.color = word(environment, "SAFE_UPDATE_COLOR")?;
    }
    if global.log_format.is_none() {
        global.log_format = word(environment, "SAFE_UPDATE_LOG_FORMAT")?;
    }
    if global.config.is_none() {
        global.config = environment.path("SAFE_UPDATE_CONFIG");
    }
    let (candidates, lookup) = match &mut cli.command {
        Command::Plan(arguments) => (&mut arguments.candidates, &mut arguments.lookup),
        Command::Explain(arguments) => (&mut arguments.candidates, &mut arguments.lookup),
        Command::Apply(arguments) => {
            return level_of(&mut arguments.candidates, environment);
        }
        Command::Upgrade(arguments) => {
            return level_of(&mut arguments.candidates, environment);
        }
        Command::List(_)
        | Command::Rollback(_)
        | Command::Resume(_)
        | Command::Status(_)
        | Command::History(_)
        | Command::Approve(_)
        | Command::Forget(_)
        | Command::Audit(_)
        | Command::Check(_)
        | Command::Config(_)
        | Command::Completion(_)
        | Command::Version(_) => return Ok(()),
    };
    level_of(candidates, environment)?;
    if !lookup.offline
        && !lookup.refresh
        && let Some(text) = environment.get("SAFE_UPDATE_OFFLINE")
    {
        lookup.offline = match text {
            "1" | "true" => true,
            "0" | "false" => false,
            other => return Err(wrong("SAFE_UPDATE_OFFLINE", other, "true or false")),
        };
    }
    Ok(())
}

/// Takes over what helm says of the connection to its plugins, where no flag says it. helm leaves
/// variables empty that say nothing.
pub fn connect_as_helm(connection: &mut Connection, environment: &Environment) {
    let text = |name: &str| environment.get(name).map(str::to_owned);
    let fill = |field: &mut Option<String>, name: &str| {
        if field.is_none() {
            *field = text(name);
        }
    };
    connection.namespace_of_helm = connection.namespace.is_none();
    fill(&mut connection.namespace, "HELM_NAMESPACE");
    fill(&mut connection.context, "HELM_KUBECONTEXT");
    fill(&mut connection.server, "HELM_KUBEAPISERVER");
    fill(&mut connection.token, "HELM_KUBETOKEN");
    fill(&mut connection.as_user, "HELM_KUBEASUSER");
    fill(&mut connection.tls_server_name, "HELM_KUBETLS_SERVER_NAME");
    if connection.as_group.is_empty() {
        let groups = text("HELM_KUBEASGROUPS").unwrap_or_default();
        let groups = groups.split(',').filter(|group| !group.is_empty());
        connection.as_group = groups.map(str::to_owned).collect();
    }
    if connection.certificate_authority.is_none() {
        connection.certificate_authority = environment.path("HELM_KUBECAFILE");
    }
    if connection.insecure_skip_tls_verify.is_none() {
        connection.insecure_skip_tls_verify =
            environment.get("HELM_KUBEINSECURE_SKIP_TLS_VERIFY").map(|text| text == "true");
    }
}

fn level_of(candidates: &mut Candidates, environment: &Environment) -> Result<(), CommandError> {
    if candidates.level.is_none()
        && let Some(text) = environment.get("SAFE_UPDATE_LEVEL")
    {
        let level = text.parse::<Level>();
        candidates.level =
            Some(level.map_err(|_| wrong("SAFE_UPDATE_LEVEL", text, "patch, minor or major"))?);
    }
    Ok(())
}

fn word<T: ValueEnum>(environment: &Environment, name: &str) -> Result<Option<T>, CommandError> {
    let Some(text) = environment.get(name) else {
        return Ok(None);
    };
    T::from_str(text, false).map(Some).map_err(|_| {
        let known: Vec<String> = T::value_variants()
            .iter()
            .filter_map(|variant| Some(variant.to_possible_value()?.get_name().to_owned()))
            .collect();
        wrong(name, text, &known.join(", "))
    })
}

fn wrong(name: &str, text: &str, known: &str) -> CommandError {
    CommandError::usage_message(format!("{name} is {text:?}: use {known}"))
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::args::LogFormat;
    use crate::cli::printer::Color;

    fn filled(typed: &[&str], variables: &[(&str, &str)]) -> Result<Cli, String> {
        let arguments = ["x", "plan"].iter().chain(typed);
        let mut cli = Cli::try_parse_from(arguments).expect("arguments");
        let environment = variables.iter().copied().collect();
        fill(&mut cli, &environment).map_err(|error| error.error.to_string())?;
        Ok(cli)
    }

    fn plan(cli: &Cli) -> (Option<Level>, bool) {
        match &cli.command {
            Command::Plan(plan) => (plan.candidates.level, plan.lookup.offline),
            other => panic!("{other:?}"),
        }
    }

    const ALL: [(&str, &str); 5] = [
        ("SAFE_UPDATE_COLOR", "always"),
        ("SAFE_UPDATE_CONFIG", "a.yaml"),
        ("SAFE_UPDATE_LEVEL", "minor"),
        ("SAFE_UPDATE_LOG_FORMAT", "json"),
        ("SAFE_UPDATE_OFFLINE", "1"),
    ];

    #[test]
    fn every_variable_fills_its_flag() {
        assert_eq!(ALL.map(|(name, _)| name), FLAG_VARIABLES);
        let cli = filled(&[], &ALL).expect("settings");
        assert_eq!(cli.global.color, Some(Color::Always));
        assert_eq!(cli.global.config, Some("a.yaml".into()));
        assert_eq!(cli.global.log_format, Some(LogFormat::Json));
        assert_eq!(plan(&cli), (Some(Level::Minor), true));
    }

    #[test]
    fn what_is_typed_counts_more() {
        let typed =
            ["--color=never", "--config=b.yaml", "--level=patch", "--log-format=text", "--refresh"];
        let cli = filled(&typed, &ALL).expect("settings");
        assert_eq!(cli.global.color, Some(Color::Never));
        assert_eq!(cli.global.config, Some("b.yaml".into()));
        assert_eq!(cli.global.log_format, Some(LogFormat::Text));
        assert_eq!(plan(&cli), (Some(Level::Patch), false));
    }

    #[test]
    fn empty_is_unset_and_nonsense_is_told() {
        let empty = ALL.map(|(name, _)| (name, ""));
        let cli = filled(&[], &empty).expect("settings");
        assert_eq!((cli.global.color, cli.global.config.as_deref()), (None, None));
        assert_eq!(plan(&cli), (None, false));
        for (name, known) in [
            ("SAFE_UPDATE_COLOR", "auto, always, never"),
            ("SAFE_UPDATE_LEVEL", "patch, minor or major"),
            ("SAFE_UPDATE_LOG_FORMAT", "text, json"),
            ("SAFE_UPDATE_OFFLINE", "true or false"),
        ] {
            let error = filled(&[], &[(name, "odd")]).expect_err(name);
            assert_eq!(error, format!("{name} is \"odd\": use {known}"));
        }
    }
}
