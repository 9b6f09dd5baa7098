//! The platform itself: paths and a query to an inventory.

use std::fmt::Write as _;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::BoxFuture;

use super::files::{Files, PathError, read_file, read_text};
use super::selector::Selector;
use super::{document, split};
use crate::adapters::workload::Interner;
use crate::adapters::yaml::{Fault, visible};
use crate::domain::inventory::{Inventory, Warning, Workload};
use crate::ports::{DiscoverError, ObjectName, Platform, Query, Scope};

/// The most text of one run.
const TOTAL_MAX: usize = 256 * 1024 * 1024;
/// More faults than this are counted, not told.
const FAULTS_MAX: usize = 20;

/// The manifests that `-f` names.
pub struct Manifests {
    paths: Vec<PathBuf>,
    stdin: Arc<Mutex<Option<Box<dyn Read + Send>>>>,
}

impl std::fmt::Debug for Manifests {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Manifests").field("paths", &self.paths).finish_non_exhaustive()
    }
}

impl Manifests {
    /// Files, directories, and `-` for standard input, which is read at most once.
    pub fn new(paths: Vec<PathBuf>, stdin: impl Read + Send + 'static) -> Self {
        Self { paths, stdin: Arc::new(Mutex::new(Some(Box::new(stdin)))) }
    }
}

impl Platform for Manifests {
    fn discover<'a>(&'a self, query: &'a Query) -> BoxFuture<'a, Result<Inventory, DiscoverError>> {
        let (paths, stdin, query) = (self.paths.clone(), Arc::clone(&self.stdin), query.clone());
        Box::pin(async move {
            let reading = tokio::task::spawn_blocking(move || {
                // Taken out, so that the lock is not held while standard input is waited for.
                let stdin = stdin.lock().unwrap_or_else(PoisonError::into_inner).take();
                discover(&paths, stdin, &query)
            });
            reading.await.unwrap_or_else(|panic| {
                Err(DiscoverError::Unavailable { message: format!("reading manifests: {panic}") })
            })
        })
    }
}

fn discover(
    paths: &[PathBuf],
    mut stdin: Option<Box<dyn Read + Send>>,
    query: &Query,
) -> Result<Inventory, DiscoverError> {
    if let Some(selector) = &query.field_selector {
        return Err(DiscoverError::Invalid {
            message: format!("the field selector {selector:?} needs a cluster"),
            hint: Some("leave out --field-selector; -l and -n apply to files as well".into()),
        });
    }
    let selector: Selector = match query.selector.as_deref().map(str::parse) {
        None => Selector::default(),
        Some(Ok(selector)) => selector,
        Some(Err(error)) => {
            return Err(DiscoverError::Invalid {
                message: format!("the selector of -l: {error}"),
                hint: Some("write for instance app=web,tier!=cache or 'app in (web, api)'".into()),
            });
        }
    };
    let mut reading = Reading::default();
    for path in paths {
        if path == Path::new("-") {
            if let Some(stdin) = stdin.take() {
                reading.text("-", read_text(stdin, "standard input"));
            }
            continue;
        }
        let mut files = Files::default();
        std::mem::swap(&mut files, &mut reading.files);
        let before = files.paths.len();
        let added = files.add(path);
        for file in &files.paths[before..] {
            reading.text(&file.display().to_string(), read_file(file));
        }
        reading.files = files;
        if let Err(error) = added {
            reading.errors.push(error);
        }
    }
    let mut inventory = reading.finish(paths)?;
    inventory.workloads.retain(|workload| {
        in_scope(&query.scope, workload.namespace.as_deref()) && selector.matches(&workload.labels)
    });
    if !query.objects.is_empty() {
        only(&query.objects, &mut inventory.workloads)?;
    }
    Ok(inventory)
}

/// A manifest without a namespace goes wherever it is applied.
fn in_scope(scope: &Scope, namespace: Option<&str>) -> bool {
    match scope {
        Scope::Current | Scope::All => true,
        Scope::Namespace(wanted) => namespace.is_none_or(|namespace| namespace == wanted),
    }
}

fn only(objects: &[ObjectName], workloads: &mut Vec<Workload>) -> Result<(), DiscoverError> {
    let names = |object: &ObjectName, workload: &Workload| {
        let namespaces = (object.namespace.as_deref(), workload.namespace.as_deref());
        workload.kind == object.kind
            && *workload.name == *object.name
            && !matches!(namespaces, (Some(wanted), Some(namespace)) if wanted != namespace)
    };
    for object in objects {
        if !workloads.iter().any(|workload| names(object, workload)) {
            let namespace = object.namespace.as_ref().map(|name| format!("{name}/"));
            let object =
                format!("{}{}/{}", namespace.unwrap_or_default(), object.kind.short(), object.name);
            return Err(DiscoverError::NotFound { object });
        }
    }
    workloads.retain(|workload| objects.iter().any(|object| names(object, workload)));
    Ok(())
}

#[derive(Default)]
struct Reading {
    files: Files,
    interner: Interner,
    workloads: Vec<Workload>,
    errors: Vec<PathError>,
    documents: usize,
    size: usize,
}

impl Reading {
    fn text(&mut self, name: &str, text: Result<String, PathError>) {
        let text = match text {
            Ok(text) => text,
            Err(error) => return self.errors.push(error),
        };
        self.size = self.size.saturating_add(text.len());
        if self.size > TOTAL_MAX {
            // Told once, for the file that went over it.
            if self.size - text.len() <= TOTAL_MAX {
                let message = format!("{name}: more than {} MiB in all", TOTAL_MAX / 1024 / 1024);
                let hint = Some("name fewer files".into());
                self.errors.push(PathError { message, hint });
            }
            return;
        }
        let file: Arc<str> = name.into();
        for document in split::split(&text) {
            self.documents += 1;
            let read = document::read(document, &file, &mut self.interner, &mut self.workloads);
            if let Err(fault) = read {
                self.errors.push(told(name, document, fault));
            }
        }
    }

    fn finish(self, paths: &[PathBuf]) -> Result<Inventory, DiscoverError> {
        if !self.errors.is_empty() {
            return Err(invalid(self.errors));
        }
        let mut warnings = self.files.warnings;
        if self.workloads.is_empty() {
            let paths: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
            let documents = match self.documents {
                0 => "nothing".to_owned(),
                1 => "1 document".to_owned(),
                more => format!("{more} documents"),
            };
            warnings.push(Warning {
                code: "no-workloads",
                message: format!(
                    "no workload with an image in {}: {documents} read",
                    paths.join(", ")
                ),
                object: None,
            });
        }
        Ok(Inventory { workloads: self.workloads, warnings, ..Inventory::default() })
    }
}

/// A fault of a document, with its place. There is no excerpt: manifests hold secrets, and what is
/// broken cannot be told apart from them.
fn told(name: &str, document: split::Document<'_>, fault: Fault) -> PathError {
    let mut message = visible(name);
    if let Some(place) = fault.place {
        let _ = write!(message, ":{}:{}", place.line, place.column);
    }
    let _ = write!(message, ": {}", fault.message);
    let template = document.text.contains("{{").then(|| {
        "this looks like a Helm template; render it first: helm template CHART | kubectl safe-update plan -f -"
            .to_owned()
    });
    PathError { message, hint: template.or(fault.hint) }
}

fn invalid(errors: Vec<PathError>) -> DiscoverError {
    let count = errors.len();
    let mut hints: Vec<String> = errors.iter().filter_map(|error| error.hint.clone()).collect();
    hints.dedup();
    let hint = (!hints.is_empty()).then(|| hints.join("; "));
    let mut message: Vec<String> =
        errors.into_iter().take(FAULTS_MAX).map(|error| error.message).collect();
    if count > FAULTS_MAX {
        message.push(format!("and {} more", count - FAULTS_MAX));
    }
    DiscoverError::Invalid { message: message.join("\n"), hint }
}
