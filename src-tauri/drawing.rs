//! How the window is drawn.

#[cfg(target_os = "linux")]
use std::path::Path;

use tauri::WebviewWindow;

/// What a person chose for WebKit in the environment stays as it is.
#[cfg(target_os = "linux")]
const CHOSEN: [&str; 2] = ["WEBKIT_DISABLE_DMABUF_RENDERER", "WEBKIT_DISABLE_COMPOSITING_MODE"];

/// Has a window drawn plainly where there is no graphics card: imitating one takes twice the time for each frame, and
/// seconds for the first.
#[cfg(target_os = "linux")]
pub(crate) fn suit(window: &WebviewWindow) -> tauri::Result<()> {
    if CHOSEN.iter().any(|name| std::env::var_os(name).is_some()) || has_card(Path::new("/dev")) {
        return Ok(());
    }
    window.with_webview(|view| {
        use webkit2gtk::{HardwareAccelerationPolicy, SettingsExt, WebViewExt};

        if let Some(settings) = view.inner().settings() {
            settings.set_hardware_acceleration_policy(HardwareAccelerationPolicy::Never);
        }
    })
}

/// Elsewhere the system draws as it does for all.
#[cfg(not(target_os = "linux"))]
pub(crate) fn suit(_: &WebviewWindow) -> tauri::Result<()> {
    Ok(())
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
