//! How the window is drawn.

use std::io;
#[cfg(target_os = "linux")]
use std::{env, path::Path};

#[cfg(target_os = "linux")]
use crate::again;

/// What a person chose for WebKit in the environment stays as it is.
#[cfg(target_os = "linux")]
const CHOSEN: [&str; 2] = ["WEBKIT_DISABLE_DMABUF_RENDERER", "WEBKIT_DISABLE_COMPOSITING_MODE"];

/// Has the window drawn plainly where there is no graphics card: imitating one takes twice the time for each frame, and
/// seconds for the first. WebKit reads that from the environment alone (a window that is told later does not scroll by
/// the wheel any more), so this process becomes the program anew with it. Comes back where there is nothing to change,
/// or with the reason why it cannot: then the window is drawn as for all.
#[cfg(target_os = "linux")]
pub(crate) fn suit() -> Option<io::Error> {
    let suits = CHOSEN.iter().any(|name| env::var_os(name).is_some()) || has_card(Path::new("/dev"));
    (!suits).then(|| again::with(CHOSEN[0], "1"))
}

/// Elsewhere the system draws as it does for all.
#[cfg(not(target_os = "linux"))]
pub(crate) fn suit() -> Option<io::Error> {
    None
}

/// Whether the kernel offers a card to draw with; some drivers of NVIDIA's have a name of their own for it.
#[cfg(target_os = "linux")]
fn has_card(devices: &Path) -> bool {
    let nodes = std::fs::read_dir(devices.join("dri")).into_iter().flatten().flatten();
    let renders = nodes.into_iter().any(|node| node.file_name().to_string_lossy().starts_with("renderD"));
    renders || devices.join("nvidia0").exists()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_card_is_what_can_render() {
        let devices = tempfile::tempdir().unwrap();
        let has = || has_card(devices.path());
        assert!(!has(), "no directory of cards");
        std::fs::create_dir(devices.path().join("dri")).unwrap();
        std::fs::write(devices.path().join("dri/card0"), "").unwrap();
        assert!(!has(), "a card that only shows");
        std::fs::write(devices.path().join("dri/renderD128"), "").unwrap();
        assert!(has());
        std::fs::remove_dir_all(devices.path().join("dri")).unwrap();
        std::fs::write(devices.path().join("nvidia0"), "").unwrap();
        assert!(has());
    }
}
