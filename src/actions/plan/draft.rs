//! One target on its way to a proposal: what is known of it, what it still has to know, and the
//! judgement once it knows enough.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::SignedDuration;

use super::charts::{self, Found, There};
use super::comparison::{Comparison, Comparisons};
use super::{Detail, Options};
use crate::actions::facts::{Facts, Image, Question};
use crate::actions::lookup::{Catalogs, Place};
use crate::domain::candidate::{self, Needs};
use crate::domain::chart::{ChartInUse, ChartSource, ChartVersion};
use crate::domain::consent::slot_id;
use crate::domain::gate::{Decision, Finding, Gate, Surroundings, Verdict};
use crate::domain::image::{Digest, ImageReference, Tag};
use crate::domain::inventory::{Running, Slot, SlotImage, Workload};
use crate::domain::plan::{self, Current, Lookup, Proposal, Prospect, Prospects};
use crate::domain::platform::Platform;
use crate::domain::policy::Limits;
use crate::domain::version::{Bump, Reading, read};
use crate::ports::{LookupError, Manifest, Wanted};

/// What can be said about a target before any fact is known.
enum Subject<'a> {
    /// Its image is no reference, or its repository could not be looked up.
    Unknown(Lookup, String),
    /// There is nothing to compare it with.
    Incomparable(String),
    /// Only the digest of its tag can move.
    Moving(&'a ImageReference),
    /// It has a version, and this is published.
    Versioned(&'a ImageReference, Arc<Comparison>),
    /// A chart, and what is published of it.
    Chart(&'a ChartInUse, Box<There>),
}

/// A target on its way to a proposal.
pub(super) struct Draft<'a> {
    place: (usize, usize),
    target: (&'a Workload, &'a Slot),
    published_at: Option<Place>,
    current: Current,
    limits: Limits,
    needs: Needs,
    subject: Subject<'a>,
    /// What the last judgement was made from.
    prospects: Prospects,
}

impl<'a> Draft<'a> {
    pub(super) fn new(
        place: (usize, usize),
        target: (&'a Workload, &'a Slot),
        (catalogs, comparisons, chart): (&Catalogs, &mut Comparisons, Option<Found>),
        options: &Options<'_>,
        platforms: Vec<Platform>,
    ) -> Self {
        let (workload, slot) = target;
        let limits = limits(workload, slot, options);
        let needs = Needs {
            platforms,
            minimum_age: limits
                .minimum_age
                .map(|age| SignedDuration::try_from(age).unwrap_or(SignedDuration::MAX)),
            now: options.now,
        };
        let published_at = slot.image.reference().map(|reference| Place {
            repository: reference.repository().clone(),
            pull: workload.pull.clone(),
        });
        let current = current(slot);
        let subject = match (&slot.image, chart) {
            (SlotImage::Chart(chart), Some(found)) => chart_subject(chart, found),
            _ => subject(
                slot,
                current.tag.as_ref(),
                published_at.as_ref(),
                (catalogs, comparisons),
                &limits,
            ),
        };
        let prospects = Prospects::default();
        Self { place, target, published_at, current, limits, needs, subject, prospects }
    }

    /// Judges the target, or says what it still has to know.
    pub(super) fn judge(
        &mut self,
        facts: &Facts,
        surroundings: Surroundings<'_>,
        questions: &mut HashSet<Question>,
    ) -> Option<Proposal> {
        let mut asked = Asker { facts, questions, pending: false };
        let unknown =
            |lookup, why: String| plan::unknown(self.place, self.current.clone(), lookup, why);
        let prospects = match &mut self.subject {
            Subject::Unknown(lookup, why) => return Some(unknown(*lookup, why.clone())),
            Subject::Incomparable(why) => {
                Prospects { incomparable: Some(why.clone()), ..Prospects::default() }
            }
            Subject::Chart(_, there) => there.prospects.clone(),
            Subject::Moving(reference) => {
                match moved(
                    reference,
                    &self.target.1.running,
                    self.published_at.as_ref()?,
                    &mut asked,
                ) {
                    Ok(prospect) => Prospects {
                        candidates: prospect.into_iter().collect(),
                        ..Prospects::default()
                    },
                    Err(error) => {
                        return Some(unknown(Lookup::Failed, tell(&error)));
                    }
                }
            }
            Subject::Versioned(reference, comparison) => {
                let published_at = self.published_at.as_ref()?;
                let mut prospects = match choose(comparison, &self.needs, published_at, &mut asked)
                {
                    Ok(prospects) => prospects,
                    Err(error) => {
                        return Some(unknown(Lookup::Failed, tell(&error)));
                    }
                };
                if reference.digest().is_some() {
                    // Trouble with the digest of the running tag does not hide newer versions.
                    if let Ok(Some(prospect)) =
                        moved(reference, &Running::NotAsked, published_at, &mut asked)
                    {
                        prospects.candidates.push(prospect);
                    }
                }
                prospects
            }
        };
        if asked.pending {
            return None;
        }
        let mut prospects = prospects;
        if let Some(only) = &self.limits.only {
            // A version was named: nothing else is taken in its place.
            prospects.candidates.retain(|prospect| prospect.tag == *only);
        }
        self.prospects = prospects;
        let mut proposal = plan::judge(
            self.place,
            self.target,
            self.current.clone(),
            &self.limits,
            &self.prospects,
            surroundings,
        );
        if let Subject::Chart(chart, there) = &self.subject {
            tell_of_chart(&mut proposal, chart, there);
        }
        // The digest of what is shown is asked for last, so that nothing else costs a request.
        if let (Some(offer), Some(published_at)) = (&mut proposal.candidate, &self.published_at)
            && offer.digest.is_none()
        {
            match asked.digest(Image { place: published_at.clone(), tag: offer.tag.clone() }) {
                None => return None,
                Some(Ok(digest)) => offer.digest = Some(digest),
                Some(Err(LookupError::NotFound { .. })) => {
                    if let Subject::Versioned(_, comparison) = &mut self.subject {
                        let gone = offer.tag.clone();
                        let comparison = Arc::make_mut(comparison);
                        comparison.shortlist.retain(|candidate| *candidate.tag() != gone);
                        return self.judge(facts, surroundings, questions);
                    }
                }
                Some(Err(error @ LookupError::Offline { .. })) => {
                    proposal.reasons.push(format!("its digest is not known: {error}"));
                }
                Some(Err(error)) => {
                    return Some(unknown(Lookup::Failed, tell(&error)));
                }
            }
        }
        plan::count_approval(&mut proposal, &self.limits);
        Some(proposal)
    }

    pub(super) fn detail(self, catalogs: &Catalogs) -> Detail {
        let versions = match self.subject {
            Subject::Chart(_, there) => there.verdicts,
            Subject::Unknown(..)
            | Subject::Incomparable(_)
            | Subject::Moving(_)
            | Subject::Versioned(..) => Vec::new(),
        };
        let answer = self.published_at.as_ref().and_then(|place| catalogs.get(place));
        Detail {
            limits: self.limits,
            published: answer.and_then(|answer| answer.ok().cloned()),
            error: answer.and_then(|answer| answer.err().cloned()),
            candidates: self.prospects.candidates,
            passed_over: self.prospects.passed_over,
            versions,
        }
    }
}

/// What the policy says about a target, what was named for it, and what the cluster remembers of it.
pub fn limits(workload: &Workload, slot: &Slot, options: &Options<'_>) -> Limits {
    let mut limits = options.policy.limits(workload, slot, options.overrides);
    let named = options.named.iter().find(|named| named.is_of(workload, slot));
    limits.only = named.map(|named| named.tag.clone());
    if let Some(memory) = workload.object().and_then(|object| options.memories.get(&object)) {
        let id = slot_id(slot);
        limits.known_bad = memory.bad_tags(&id, slot.image.as_written()).cloned().collect();
        limits.approved = memory
            .approvals
            .iter()
            .filter(|approval| approval.slot == id && approval.counts_at(options.now))
            .map(|approval| (approval.tag.clone(), approval.digest.clone()))
            .collect();
    }
    limits
}

fn chart_subject(chart: &ChartInUse, found: Found) -> Subject<'_> {
    match found {
        Found::Nowhere(why) => Subject::Unknown(Lookup::NotNeeded, why),
        Found::Failed(error) => Subject::Unknown(Lookup::Failed, tell(&error)),
        Found::There(there) => Subject::Chart(chart, there),
    }
}

/// What is known of a chart beside its versions: what is new, and whether its source is certain.
fn tell_of_chart(proposal: &mut Proposal, chart: &ChartInUse, there: &There) {
    proposal.source = Some(Box::new(there.source.clone()));
    let Some(offer) = &mut proposal.candidate else { return };
    let version = offer.tag.as_str().replace('_', "+");
    proposal.reasons.extend(charts::notes(there, chart, &version));
    let names = |sources: &[ChartSource]| {
        let names: Vec<String> = sources.iter().map(ToString::to_string).collect();
        names.join(" or from ")
    };
    let source = &there.source;
    let why = match (there.others.as_slice(), there.unasked.as_slice()) {
        ([], []) => return,
        ([], unasked) => format!(
            "its chart comes from {source}, or from {}, which could not be asked: say which in the policy (`charts:`)",
            names(unasked)
        ),
        (others, _) => format!(
            "its chart may come from {source} or from {}: say which in the policy (`charts:`)",
            names(others)
        ),
    };
    proposal.findings.push(Finding { gate: Gate::Source, verdict: Verdict::Hold(why.clone()) });
    if matches!(proposal.decision, Decision::Update | Decision::Held) {
        offer.decision = Decision::Held;
        proposal.decision = Decision::Held;
        proposal.reasons.insert(0, why);
    }
}

fn tell(error: &LookupError) -> String {
    format!("{error}; {}", error.hint())
}

/// What is known of the image that is written, and of what the nodes say runs.
fn current(slot: &Slot) -> Current {
    if let Some(chart) = slot.image.chart() {
        let version = chart.version.parse::<ChartVersion>().ok();
        return Current { tag: version.and_then(|version| version.tag().ok()), digest: None };
    }
    let Some(reference) = slot.image.reference() else {
        return Current::default();
    };
    Current { tag: reference.effective_tag(), digest: slot.pinned_or_running().cloned() }
}

fn subject<'a>(
    slot: &'a Slot,
    tag: Option<&Tag>,
    place: Option<&Place>,
    (catalogs, comparisons): (&Catalogs, &mut Comparisons),
    limits: &Limits,
) -> Subject<'a> {
    let reference = match &slot.image {
        SlotImage::Reference(reference) => reference,
        // Charts are judged apart.
        SlotImage::Chart(_) => {
            return Subject::Incomparable("its chart is looked for in no repository here".into());
        }
        SlotImage::Malformed { error, .. } => {
            return Subject::Unknown(
                Lookup::Malformed,
                format!("{:?} is no image reference: {error}", slot.image.as_written()),
            );
        }
    };
    let Some(tag) = tag else {
        return Subject::Incomparable(
            "pinned by digest without a tag: write the tag beside it (name:tag@digest) to be told of newer versions".into(),
        );
    };
    match read(tag) {
        Reading::Version(_) => {}
        Reading::Hash | Reading::Artifact => {
            return Subject::Incomparable(format!(
                "{tag} names a build, not a version, so none is newer: use a version tag"
            ));
        }
        Reading::Floating if reference.digest().is_some() => return Subject::Moving(reference),
        Reading::Floating => match slot.running {
            Running::Digests(_) => return Subject::Moving(reference),
            Running::Unreported => {
                return Subject::Incomparable(format!(
                    "{tag} is a floating tag without a version to compare"
                ));
            }
            Running::NotAsked => {
                return Subject::Incomparable(format!(
                    "{tag} is a floating tag without a version to compare: use a version tag"
                ));
            }
        },
    }
    match place.and_then(|place| catalogs.get(place)) {
        None => Subject::Unknown(Lookup::Failed, "nobody looked it up".into()),
        Some(Err(error)) => Subject::Unknown(Lookup::Failed, tell(error)),
        Some(Ok(published)) => {
            Subject::Versioned(reference, comparisons.get(tag, published, limits))
        }
    }
}

/// Puts questions, and answers them from what is known.
struct Asker<'a> {
    facts: &'a Facts,
    questions: &'a mut HashSet<Question>,
    pending: bool,
}

impl Asker<'_> {
    fn digest(&mut self, image: Image) -> Option<Result<Digest, LookupError>> {
        let known = self.facts.digest(&image);
        if known.is_none() {
            self.questions.insert(Question::Digest(image));
            self.pending = true;
            return None;
        }
        known.map(|known| known.cloned().map_err(Clone::clone))
    }

    fn manifest(
        &mut self,
        image: Image,
        wanted: Wanted,
    ) -> Option<Result<Arc<Manifest>, LookupError>> {
        let known = self.facts.manifest(&image, wanted);
        if known.is_none() {
            self.questions.insert(Question::Manifest(image, wanted));
            self.pending = true;
            return None;
        }
        known.map(|known| known.cloned().map_err(Clone::clone))
    }
}

/// Chooses per kind of change the highest version whose facts hold. Without needs no fact is
/// asked for.
///
/// # Errors
/// Trouble with a question, when it leaves no candidate.
fn choose(
    comparison: &mut Arc<Comparison>,
    needs: &Needs,
    place: &Place,
    asked: &mut Asker<'_>,
) -> Result<Prospects, LookupError> {
    let wanted = Wanted { created: needs.minimum_age.is_some_and(|age| age.is_positive()) };
    let asks = wanted.created || !needs.platforms.is_empty();
    let mut known: HashMap<Tag, candidate::Facts> = HashMap::new();
    let mut gone: HashSet<Tag> = HashSet::new();
    let mut trouble = None;
    if asks {
        for bump in Bump::ALL {
            // From the highest down, until one holds or one has to be asked about.
            for entry in comparison.shortlist.of(bump) {
                let image = Image { place: place.clone(), tag: entry.tag().clone() };
                let facts = match asked.manifest(image, wanted) {
                    None => break,
                    Some(Ok(manifest)) => candidate::Facts {
                        digest: Some(manifest.digest.clone()),
                        platforms: (!manifest.platforms.is_empty())
                            .then(|| manifest.platforms.clone()),
                        created: manifest.created,
                    },
                    Some(Err(LookupError::NotFound { .. })) => {
                        gone.insert(entry.tag().clone());
                        continue;
                    }
                    // What could not be asked is not known, and so does not hold.
                    Some(Err(error)) => {
                        trouble = Some(error);
                        candidate::Facts::default()
                    }
                };
                let holds = candidate::objection(Some(&facts), needs).is_none();
                known.insert(entry.tag().clone(), facts);
                if holds {
                    break;
                }
            }
        }
    }
    if !gone.is_empty() {
        Arc::make_mut(comparison).shortlist.retain(|entry| !gone.contains(entry.tag()));
    }
    let choice = candidate::choose(&comparison.shortlist, |tag| known.get(tag), needs);
    // While questions are pending, a lower version may still turn out to be good.
    if let Some(error) = trouble.filter(|_| choice.candidates.is_empty() && !asked.pending) {
        return Err(error);
    }
    let mut prospects = comparison.prospects.clone();
    prospects.passed_over.extend(choice.passed_over);
    prospects.candidates.extend(choice.candidates.iter().map(|chosen| Prospect {
        tag: chosen.tag().clone(),
        change: chosen.bump(),
        size: chosen.size(),
        digest: known.get(chosen.tag()).and_then(|facts| facts.digest.clone()),
    }));
    Ok(prospects)
}

/// Whether the tag of a reference names another image now than the one that is pinned or runs.
fn moved(
    reference: &ImageReference,
    running: &Running,
    place: &Place,
    asked: &mut Asker<'_>,
) -> Result<Option<Prospect>, LookupError> {
    let Some(tag) = reference.effective_tag() else {
        return Ok(None);
    };
    let here: Vec<&Digest> = match (reference.digest(), running) {
        (Some(pinned), _) => vec![pinned],
        (None, Running::Digests(digests)) => digests.iter().collect(),
        (None, Running::NotAsked | Running::Unreported) => return Ok(None),
    };
    let image = Image { place: place.clone(), tag: tag.clone() };
    let Some(published) = asked.digest(image.clone()) else {
        return Ok(None);
    };
    let published = published?;
    if here.iter().all(|digest| **digest == published) {
        return Ok(None);
    }
    // Some nodes report the manifest of their platform instead of the index that lists it.
    let Some(manifest) = asked.manifest(image, Wanted { created: false }) else {
        return Ok(None);
    };
    let manifest = manifest?;
    if here.iter().all(|digest| **digest == published || manifest.children.contains(digest)) {
        return Ok(None);
    }
    Ok(Some(Prospect { tag, change: Bump::Digest, size: Bump::Digest, digest: Some(published) }))
}
