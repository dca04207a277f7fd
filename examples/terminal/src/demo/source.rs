//! Where the demo's material comes from: a file that was named, the whole data beside the
//! project, or the excerpts that are compiled in.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;

use crate::failure::Failure;

/// One of the two kinds of material.
pub(super) struct Material {
    /// The option that names a file.
    option: &'static str,
    /// The whole of it, where a checkout has the shared data beside it.
    beside: &'static str,
    excerpt: &'static [u8],
    excerpt_name: &'static str,
}

/// A diary. Licence of the excerpt: text in the public domain; edition by Standard Ebooks,
/// CC0 1.0.
pub(super) const DIARY: Material = Material {
    option: "--data",
    beside: "../shared/data/pepys.dayone.json.gz",
    excerpt: include_bytes!("../../data/pepys-excerpt.dayone.json.gz"),
    excerpt_name: "120 entries of the diary of Samuel Pepys (public domain)",
};

/// A trace of two people typing. Licence of the excerpt: CC BY 4.0, from the editing-traces
/// collection by Joseph Gentle.
pub(super) const TRACE: Material = Material {
    option: "--trace",
    beside: "../shared/data/friendsforever.json.gz",
    excerpt: include_bytes!("../../data/friendsforever-excerpt.json.gz"),
    excerpt_name: "4,000 keystrokes of two people (Joseph Gentle, CC BY 4.0)",
};

/// Given as a file's name, it stands for the excerpt, whatever lies beside the project.
pub(super) const EXCERPT: &str = "excerpt";

/// The most that is read of a file once it is unpacked. The whole diary has 6 MB; a file that
/// unpacks without end must not fill the memory.
const LEN_MAX: u64 = 512 * 1024 * 1024;

/// What was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// A file that was named.
    Named(PathBuf),
    /// The whole, found beside the project.
    Beside(PathBuf),
    /// The excerpt.
    Excerpt(&'static str),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(path) | Self::Beside(path) => path.display().fmt(f),
            Self::Excerpt(name) => f.write_str(name),
        }
    }
}

/// The material, unpacked, and where it is from.
pub(super) fn read(
    material: &Material,
    given: Option<&Path>,
) -> Result<(Source, Vec<u8>), Failure> {
    let source = match given {
        Some(path) if path == Path::new(EXCERPT) => Source::Excerpt(material.excerpt_name),
        Some(path) => Source::Named(path.to_owned()),
        None => match beside(material.beside) {
            Some(path) => Source::Beside(path),
            None => Source::Excerpt(material.excerpt_name),
        },
    };
    let packed = match &source {
        Source::Excerpt(_) => material.excerpt.to_vec(),
        Source::Named(path) | Source::Beside(path) => {
            bounded(File::open(path).map_err(|error| unreadable(material, path, &error))?)
                .map_err(|error| unreadable(material, path, &error))?
        }
    };
    let bytes = if packed.starts_with(&[0x1f, 0x8b]) {
        bounded(GzDecoder::new(&packed[..]))
            .map_err(|error| unreadable(material, Path::new(&source.to_string()), &error))?
    } else {
        packed
    };
    Ok((source, bytes))
}

fn bounded(from: impl Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(LEN_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LEN_MAX {
        return Err(std::io::Error::other("it is larger than 512 MiB"));
    }
    Ok(bytes)
}

fn unreadable(material: &Material, path: &Path, error: &std::io::Error) -> Failure {
    Failure::invalid(format!(
        "{} cannot be read ({error}); choose another with {}",
        path.display(),
        material.option
    ))
}

/// Looks from the current folder and from the workspace that the program was built in.
fn beside(relative: &str) -> Option<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    [PathBuf::new(), workspace]
        .into_iter()
        .map(|base| base.join(relative))
        .find(|path| path.is_file())
}
