//! What is remembered of a cluster's objects: this machine's journal and the cluster's Leases, read
//! together.

use std::collections::BTreeSet;

use crate::adapters::journal::FileJournal;
use crate::adapters::kubernetes::Cluster;
use crate::cli::error::CommandError;
use crate::cli::printer::Printer;
use crate::domain::change::ObjectId;
use crate::domain::history::Record;
use crate::ports::rollouts::{Journal as _, Lock as _, LockError, Remembered};

/// Whose Leases are read.
pub enum Scope<'a> {
    /// All that may be read.
    All,
    /// Those of the current namespace, and of every one in which this machine left something.
    Mine,
    /// Those of one namespace.
    Namespace(&'a str),
    /// Those of some objects.
    Objects(&'a [ObjectId]),
}

/// One namespace, or all.
pub fn named_namespace(namespace: Option<&str>) -> Scope<'_> {
    namespace.map_or(Scope::All, Scope::Namespace)
}

/// What journal and Leases tell.
pub struct Known {
    /// The cluster.
    pub identity: String,
    /// The records of this machine, the newest first.
    pub records: Vec<Record>,
    /// What the cluster remembers.
    pub leases: Vec<(ObjectId, Remembered)>,
}

/// Reads journal and Leases. Leases that may not be read are a warning.
///
/// # Errors
/// The journal cannot be read, or a named object's Lease.
pub async fn known(
    cluster: &Cluster,
    journal: &FileJournal,
    scope: &Scope<'_>,
    printer: &Printer,
) -> Result<Known, CommandError> {
    let identity = cluster.identity().await?;
    let (records, troubles) = journal.records()?;
    for trouble in troubles {
        printer.warning(&trouble);
    }
    let mine = || {
        let mut namespaces = BTreeSet::from([cluster.default_namespace().to_owned()]);
        let open = records.iter().filter(|record| record.is_to_take_up());
        let open = open.filter(|record| *record.cluster == *identity);
        namespaces.extend(open.map(|record| record.change.object.namespace.to_string()));
        namespaces
    };
    let read = match scope {
        Scope::All => match cluster.read_all(None).await {
            // Not allowed everywhere: then here, and wherever the journal knows of something.
            Err(LockError::Forbidden { .. }) => one_by_one(cluster, &mine()).await,
            read => read,
        },
        Scope::Mine => one_by_one(cluster, &mine()).await,
        Scope::Namespace(namespace) => cluster.read_all(Some(namespace)).await,
        Scope::Objects(objects) => {
            let mut some = Vec::new();
            for object in *objects {
                some.push((object.clone(), cluster.read(object).await?));
            }
            Ok(some)
        }
    };
    let leases = read.unwrap_or_else(|error| {
        printer.warning(&format!("{error}; only this machine's journal is heard"));
        Vec::new()
    });
    Ok(Known { identity, records, leases })
}

async fn one_by_one(
    cluster: &Cluster,
    namespaces: &BTreeSet<String>,
) -> Result<Vec<(ObjectId, Remembered)>, LockError> {
    let mut all = Vec::new();
    for namespace in namespaces {
        all.extend(cluster.read_all(Some(namespace)).await?);
    }
    Ok(all)
}
