//! How decoders' names become paths.

use hushgate_sdk::naming::is_path;

/// `Air.TempC_SHT-2` becomes `air.temp-c-sht-2`: a word begins at each capital that follows a small letter or a
/// digit. `None` if nothing is left of a part of it, or too much.
pub(crate) fn path_of(name: &str) -> Option<String> {
    let mut path = String::with_capacity(name.len());
    let mut last = '-';
    for char in name.chars() {
        if char.is_ascii_uppercase() && (last.is_ascii_lowercase() || last.is_ascii_digit()) {
            path.push('-');
        }
        match char {
            '.' => {
                path.truncate(path.trim_end_matches('-').len());
                path.push('.');
            }
            _ if char.is_ascii_alphanumeric() => path.push(char.to_ascii_lowercase()),
            _ if path.ends_with(['-', '.']) || path.is_empty() => {}
            _ => path.push('-'),
        }
        last = char;
    }
    path.truncate(path.trim_end_matches('-').len());
    is_path(&path).then_some(path)
}
