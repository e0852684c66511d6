//! The icon beside the clock: whether turns are under way and whether something waits for a person, in colour and
//! in words. Closing the window ends Loquat as ever; the tray only tells and brings the window back.

use std::path::Path;

use tauri::image::Image;
use tauri::menu::{Menu, MenuItem};
use tauri::tray::{TrayIcon, TrayIconBuilder};
use tauri::{AppHandle, Wry};

use crate::attention::Standing;
use crate::system::Words;

const ICON: &[u8] = include_bytes!("../icons/32x32.png");
/// The accent and the amber of the page's tokens.
const WORKING: [u8; 4] = [0x0f, 0x6e, 0x74, 0xff];
const WAITING: [u8; 4] = [0xe0, 0x8a, 0x00, 0xff];
const RIM: [u8; 4] = [0xff, 0xff, 0xff, 0xff];

pub(crate) struct Tray {
    icon: TrayIcon,
    state: MenuItem<Wry>,
}

/// Whether this system can show one. On Linux a library must be there, and whoever asks for it without is ended.
pub(crate) fn is_possible() -> bool {
    if !cfg!(target_os = "linux") {
        return true;
    }
    let directories = ["/usr/lib", "/usr/lib64", "/lib", "/usr/local/lib"];
    let triple = format!("/usr/lib/{}-linux-gnu", std::env::consts::ARCH);
    let names = ["libayatana-appindicator3.so.1", "libappindicator3.so.1"];
    let there = |directory: &str| names.iter().any(|name| Path::new(directory).join(name).exists());
    directories.into_iter().any(there) || there(&triple)
}

impl Tray {
    /// Only on the main thread.
    pub(crate) fn show(app: &AppHandle, words: &Words, standing: Standing) -> tauri::Result<Self> {
        let state = MenuItem::with_id(app, "state", words.standing(standing), false, None::<&str>)?;
        let open = MenuItem::with_id(app, "open", &words.open, true, None::<&str>)?;
        let quit = MenuItem::with_id(app, "quit", &words.quit, true, None::<&str>)?;
        let menu = Menu::with_items(app, &[&state, &open, &quit])?;
        let icon = TrayIconBuilder::with_id("loquat")
            .icon(picture(standing)?)
            .tooltip(words.standing(standing))
            .menu(&menu)
            .on_menu_event(|app, event| match event.id().as_ref() {
                "open" => crate::show_window(app),
                "quit" => app.exit(0),
                _ => (),
            })
            .build(app)?;
        Ok(Self { icon, state })
    }

    pub(crate) fn tell(&self, words: &Words, standing: Standing) -> tauri::Result<()> {
        let text = words.standing(standing);
        self.state.set_text(&text)?;
        self.icon.set_tooltip(Some(&text))?;
        self.icon.set_icon(Some(picture(standing)?))
    }
}

/// Loquat's icon, with a dot in its corner where there is something to tell.
fn picture(standing: Standing) -> tauri::Result<Image<'static>> {
    let icon = Image::from_bytes(ICON)?;
    let (width, height) = (icon.width(), icon.height());
    let mut pixels = icon.rgba().to_vec();
    let colour = match standing {
        Standing { running: 0, waiting: 0 } => None,
        Standing { waiting: 0, .. } => Some(WORKING),
        Standing { .. } => Some(WAITING),
    };
    if let Some(colour) = colour {
        dot(&mut pixels, width, height, colour);
    }
    Ok(Image::new_owned(pixels, width, height))
}

/// Draws a filled circle with a light rim into the lower right corner.
fn dot(pixels: &mut [u8], width: u32, height: u32, colour: [u8; 4]) {
    let radius = f64::from(width.min(height)) * 0.25;
    let (x, y) = (f64::from(width) - radius - 0.5, f64::from(height) - radius - 0.5);
    for (index, pixel) in (0_u32..).zip(pixels.chunks_exact_mut(4)) {
        let away = f64::hypot(f64::from(index % width) - x, f64::from(index / width) - y);
        if away <= radius {
            pixel.copy_from_slice(if away <= radius - 1.5 { &colour } else { &RIM });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_standing_has_a_picture_of_its_own() {
        let pictures: Vec<Vec<u8>> = [(0, 0), (1, 0), (1, 2)]
            .map(|(running, waiting)| picture(Standing { running, waiting }).unwrap().rgba().to_vec())
            .into();
        assert!(pictures[0] != pictures[1] && pictures[1] != pictures[2] && pictures[0] != pictures[2]);
    }
}
