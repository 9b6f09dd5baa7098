//! Facts about published images, asked for only where a decision needs them, each once.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream;

use super::lookup::Place;
use crate::domain::image::{Digest, Tag};
use crate::ports::{Event, EventSink, LookupError, Manifest, Registry, Wanted};

/// How many questions are under way at once; each registry limits its own connections.
const IN_FLIGHT: usize = 256;

/// One published image.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Image {
    /// Where it is published.
    pub place: Place,
    /// Its tag.
    pub tag: Tag,
}

/// What may be asked about an image.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Question {
    /// Which digest does the tag name? (HEAD)
    Digest(Image),
    /// Which platforms, and when was it created? (GET)
    Manifest(Image, Wanted),
}

/// The answers so far.
#[derive(Debug, Default)]
pub struct Facts {
    digests: HashMap<Image, Result<Digest, LookupError>>,
    manifests: HashMap<(Image, Wanted), Result<Arc<Manifest>, LookupError>>,
}

impl Facts {
    /// The digest of an image, when it was asked for by either question.
    pub fn digest(&self, image: &Image) -> Option<Result<&Digest, &LookupError>> {
        self.digests.get(image).map(Result::as_ref)
    }

    /// The manifest of an image.
    pub fn manifest(
        &self,
        image: &Image,
        wanted: Wanted,
    ) -> Option<Result<&Arc<Manifest>, &LookupError>> {
        self.manifests.get(&(image.clone(), wanted)).map(Result::as_ref)
    }

    /// Asks all questions, each once.
    pub async fn learn(
        &mut self,
        registry: &dyn Registry,
        questions: HashSet<Question>,
        events: &dyn EventSink,
    ) {
        events.event(Event::FactsPlanned { manifests: questions.len() });
        let mut answers = stream::iter(questions)
            .map(|question| async move {
                match question {
                    Question::Digest(image) => {
                        let pull = image.place.pull.as_deref();
                        let answer =
                            registry.digest(&image.place.repository, &image.tag, pull).await;
                        Answer::Digest(image, answer)
                    }
                    Question::Manifest(image, wanted) => {
                        let pull = image.place.pull.as_deref();
                        let answer = registry
                            .manifest(&image.place.repository, &image.tag, wanted, pull)
                            .await;
                        Answer::Manifest(image, wanted, answer)
                    }
                }
            })
            .buffer_unordered(IN_FLIGHT);
        while let Some(answer) = answers.next().await {
            events.event(Event::FactLearned);
            match answer {
                Answer::Digest(image, answer) => {
                    self.digests.insert(image, answer);
                }
                Answer::Manifest(image, wanted, answer) => {
                    let digest = answer.as_ref().map(|manifest| manifest.digest.clone());
                    self.digests.insert(image.clone(), digest.map_err(Clone::clone));
                    self.manifests.insert((image, wanted), answer);
                }
            }
        }
    }
}

enum Answer {
    Digest(Image, Result<Digest, LookupError>),
    Manifest(Image, Wanted, Result<Arc<Manifest>, LookupError>),
}
