//! The folders that a person lets servers work in (MCP roots). Servers are told; nothing holds them to it.

use std::path::Path;

use chat::{ErrorCode, ErrorReport};
use mcp::Root;

/// As servers are told of them. What is no absolute path is left out.
pub(crate) fn roots(folders: &[String]) -> Vec<Root> {
    let root = |folder: &String| {
        let uri = url::Url::from_file_path(folder).ok()?.into();
        let name = Path::new(folder).file_name().map(|name| name.to_string_lossy().into_owned());
        Some(Root { uri, name })
    };
    folders.iter().filter_map(root).collect()
}

/// What is wrong with a list of folders, if anything.
pub(crate) fn problem(folders: &[String]) -> Option<ErrorReport> {
    let wrong = folders.iter().find(|folder| !Path::new(folder.as_str()).is_absolute())?;
    let report = ErrorReport::new(ErrorCode::InvalidInput, format!("The folder {wrong} cannot be used."));
    Some(report.because("It is not a whole path.").fix("Give it from the root of the disk on."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn folders_are_told_as_addresses() {
        let told = roots(&["/home/ann/my notes".into(), "notes".into()]);
        assert_eq!(told, [Root { uri: "file:///home/ann/my%20notes".into(), name: Some("my notes".into()) }]);
        assert!(problem(&["/home/ann".into()]).is_none());
        assert_eq!(problem(&["notes".into()]).unwrap().code, ErrorCode::InvalidInput);
    }
}
