//! `device add --guess`: which adapters understand a first frame of a device, and what they understand.
//!
//! # Promises
//!
//! - Candidates run as in the gateway, each with no settings, and reach nothing. Nothing is changed.

use crate::{
    cli::{
        Failure, open,
        out::{progress, say},
    },
    home::Home,
    ingress::topics,
    message::Millis,
    plugins::{
        library::Library,
        manifest::Kind,
        shelf::{MANIFEST, OnShelf},
        trust::Trust,
    },
    source::read_bytes,
};
use hushgate_wasm::{
    bindings::{DecodeError, Field, Frame, Reading, Scalar},
    cache::Cache,
    engine::Engine,
    plugin::{Adapter, LinkError},
};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// The largest frame that a gateway can be set to take, in bytes.
const FRAME_BYTES_MAX: u64 = 1 << 20;
/// How many fields of each candidate are shown.
const FIELDS_SHOWN_MAX: usize = 8;

/// What an adapter makes of the frame.
enum Answer {
    /// These; of so many fields it knows what they are.
    Understood(Vec<Reading>, usize),
    /// It needs to be told more first: what.
    Asks(String),
    /// It is another device's.
    No,
}

/// One adapter and its answer.
struct Candidate {
    id: String,
    summary: String,
    /// Whether devices that it is for publish on such topics.
    topic: bool,
    answer: Answer,
}

/// Shows what each adapter understands of the frame in `file`, the best guess first.
pub(super) fn run(home: &Home, file: &Path, topic: &str) -> Result<(), Failure> {
    let (config, keys) = open(home)?;
    let body = read_bytes(file, FRAME_BYTES_MAX)?;
    let received_ms = u64::try_from(Millis::now().0).unwrap_or_default();
    let frame = Frame { channel: topic.to_owned(), content_type: None, received_ms, body };
    let engine = Engine::new().map_err(Failure::failed)?;
    let cache = crate::gateway::cache(&config, &keys)?;
    say("Asks all adapters; the first time each is compiled, which takes seconds.");
    let mut candidates = Vec::new();
    let dirs = adapters(home)?;
    for (dir, number) in dirs.values().zip(1_usize..) {
        progress(number, dirs.len());
        candidates.extend(candidate((&engine, &cache), dir, &frame)?);
    }
    let asked = candidates.len();
    candidates.retain(|it| match it.answer {
        Answer::Understood(..) => true,
        Answer::Asks(_) => it.topic,
        Answer::No => false,
    });
    candidates.sort_by_key(Candidate::rank);
    candidates.iter().for_each(|it| say(it.describe()));
    match candidates.first() {
        None => Err(Failure::fix(format!(
            "none of {asked} adapters understands this frame without settings; `hushgate plugin search` finds \
             one by the device's name, and json-map, csv-map or text-pattern read what they are told to"
        ))),
        Some(first) => {
            say(format!("Add the device with: --adapter {}", first.id));
            Ok(())
        }
    }
}

/// The directories of all plugins here and in the library, by id; those here count.
fn adapters(home: &Home) -> Result<BTreeMap<String, PathBuf>, Failure> {
    let mut dirs = BTreeMap::new();
    let library = Library::of_program().map(|it| it.dir().to_owned());
    for all in library.into_iter().chain([home.plugins()]) {
        let entries =
            fs::read_dir(&all).map_err(|it| Failure::fix(format!("{}: {it}", all.display())))?;
        let plugins =
            entries.filter_map(|it| Some(it.ok()?.path())).filter(|it| it.join(MANIFEST).is_file());
        dirs.extend(
            plugins.filter_map(|it| Some((it.file_name()?.to_str()?.to_owned(), it.clone()))),
        );
    }
    Ok(dirs)
}

/// What the plugin in `dir` says, if it is an adapter.
fn candidate(
    (engine, cache): (&Engine, &Cache),
    dir: &Path,
    frame: &Frame,
) -> Result<Option<Candidate>, Failure> {
    let plugin = OnShelf::read(engine, cache, (dir, &Trust::author()))?;
    if plugin.manifest.kind != Kind::Adapter {
        return Ok(None);
    }
    let mut filters = plugin.manifest.matches.iter().flat_map(|it| &it.topics);
    Ok(Some(Candidate {
        id: plugin.manifest.id.clone(),
        summary: plugin.manifest.summary.clone(),
        topic: filters.any(|it| topics::matches(it, &frame.channel)),
        answer: answer(engine, &plugin, frame),
    }))
}

fn answer(engine: &Engine, plugin: &OnShelf, frame: &Frame) -> Answer {
    let started = plugin.setup("{}").and_then(|it| Adapter::new(engine, &plugin.compiled, &it));
    let adapter = match started {
        Ok(adapter) => adapter,
        Err(LinkError::Missing(setting)) => {
            return Answer::Asks(format!("needs the setting `{setting}`"));
        }
        Err(_) => return Answer::No,
    };
    match adapter.instance().and_then(|mut it| it.decode(frame)) {
        Ok(Ok(mut readings)) => {
            let declared = &plugin.manifest.declared;
            readings.iter_mut().for_each(|it| it.fields.retain(|field| declared.lets(field)));
            readings.retain(|it| !it.fields.is_empty());
            let known = readings.iter().flat_map(|it| &it.fields).filter(|it| declared.names(it));
            let known = known.count();
            if readings.is_empty() { Answer::No } else { Answer::Understood(readings, known) }
        }
        Ok(Err(DecodeError::Unsupported(_))) => {
            Answer::Asks("may read it with other settings".to_owned())
        }
        Ok(Err(DecodeError::NotMine | DecodeError::Malformed(_))) | Err(_) => Answer::No,
    }
}

impl Candidate {
    /// On its own topics before elsewhere, understood before asking, more fields that it knows before fewer.
    fn rank(&self) -> (bool, bool, usize) {
        let known = match &self.answer {
            Answer::Understood(_, known) => *known,
            Answer::Asks(_) | Answer::No => 0,
        };
        (!self.topic, known == 0, usize::MAX - known)
    }

    fn describe(&self) -> String {
        let head = format!("{}: {}", self.id, self.summary);
        match &self.answer {
            Answer::Asks(what) => {
                format!("{head}\n  {what}: `hushgate plugin inspect` tells its settings")
            }
            Answer::No => head,
            Answer::Understood(readings, _) => {
                let fields: Vec<_> = readings.iter().flat_map(|it| &it.fields).map(shown).collect();
                let more = fields.len().saturating_sub(FIELDS_SHOWN_MAX);
                let lines = fields.iter().take(FIELDS_SHOWN_MAX).map(|it| format!("\n  {it}"));
                let rest = if more > 0 { format!("\n  and {more} more") } else { String::new() };
                format!("{head}{}{rest}", lines.collect::<String>())
            }
        }
    }
}

/// For the eyes of whoever brought the frame: its values are shown.
fn shown(field: &Field) -> String {
    let value = match &field.value {
        Scalar::Flag(it) => it.to_string(),
        Scalar::Int(it) => it.to_string(),
        Scalar::Real(it) => it.to_string(),
        Scalar::Text(it) => format!("{it:?}"),
        Scalar::Blob(it) => format!("{} bytes", it.len()),
    };
    let unit = field.unit.as_deref().map(|it| format!(" {it}")).unwrap_or_default();
    format!("{} = {value}{unit}", field.path)
}
