//! Writing in the editor that a person is used to.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use sidelight::TextEdit;

use crate::failure::Failure;

/// The text as it was left in `$VISUAL` or `$EDITOR`, without the newline that editors put at the
/// end. The file that the editor gets lies in memory where the system has a place for that, is
/// for its owner alone, and is removed afterwards; what the editor itself keeps is its own.
pub(crate) async fn edited(text: &str) -> Result<String, Failure> {
    let text = text.to_owned();
    let task = tokio::task::spawn_blocking(move || edit(&text));
    task.await
        .unwrap_or_else(|_| Err(Failure::internal("the editor's task failed")))
}

/// What was changed, as one edit: what is the same at both ends stays as it is.
pub(crate) fn splice(before: &str, after: &str) -> Vec<TextEdit> {
    let (old, new): (Vec<char>, Vec<char>) = (before.chars().collect(), after.chars().collect());
    let same = |(a, b): &(&char, &char)| a == b;
    let head = old.iter().zip(&new).take_while(same).count();
    let (old, new) = (&old[head..], &new[head..]);
    let tail = old
        .iter()
        .rev()
        .zip(new.iter().rev())
        .take_while(same)
        .count();
    let (old, new) = (&old[..old.len() - tail], &new[..new.len() - tail]);
    if old.is_empty() && new.is_empty() {
        return Vec::new();
    }
    // An entry has at most 2¹⁸ characters.
    vec![TextEdit {
        at: head as u32,
        delete: old.len() as u32,
        insert: new.iter().collect(),
    }]
}

/// Removes the file, whatever happens.
struct Aside(PathBuf);

impl Drop for Aside {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn edit(text: &str) -> Result<String, Failure> {
    let editor = ["VISUAL", "EDITOR"].into_iter().find_map(|name| {
        let editor = std::env::var(name).ok()?;
        (!editor.trim().is_empty()).then_some(editor)
    });
    let editor = editor.ok_or_else(|| {
        Failure::invalid("no editor is named in $VISUAL or $EDITOR; name one, or give --text")
    })?;
    let failed = |error: std::io::Error| {
        let kind = error.kind();
        Failure::invalid(format!(
            "the text could not be handed to the editor ({kind}); give --text"
        ))
    };
    let aside = Aside(place().join(format!("sidelight-{}.txt", std::process::id())));
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&aside.0).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    drop(file);
    // As people write it: a program, perhaps with options.
    let mut words = editor.split_whitespace();
    let program = words.next().unwrap_or_default();
    let status = Command::new(program).args(words).arg(&aside.0).status();
    if !status.map_err(failed)?.success() {
        return Err(Failure::invalid(
            "the editor ended with an error, so nothing was changed; try again",
        ));
    }
    let mut text = fs::read_to_string(&aside.0).map_err(failed)?;
    if text.ends_with('\n') {
        text.pop();
    }
    Ok(text)
}

/// A folder in memory, if there is one.
fn place() -> PathBuf {
    let own = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let shared = Some(PathBuf::from("/dev/shm"));
    let places = [own, shared].into_iter().flatten();
    let mut there = places.filter(|place: &PathBuf| Path::is_dir(place));
    there.next().unwrap_or_else(std::env::temp_dir)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_the_same_at_both_ends_stays() {
        assert!(splice("as it was", "as it was").is_empty());
        let edit = splice("tea at noon", "green tea at noon").remove(0);
        assert_eq!(
            (edit.at, edit.delete, edit.insert.as_str()),
            (0, 0, "green ")
        );
        let edit = splice("aaa", "aa").remove(0);
        assert_eq!((edit.at, edit.delete, edit.insert.as_str()), (2, 1, ""));
        let edit = splice("日本語", "日英語").remove(0);
        assert_eq!((edit.at, edit.delete, edit.insert.as_str()), (1, 1, "英"));
    }
}
