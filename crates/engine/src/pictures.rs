//! Images in results, as models that can see take them: small enough, and made so only once.

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::io::Cursor;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chat::{CallId, CallStatus, Content, Item, Turn};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};

/// The longest side that vision models look at; more is scaled down by them anyway.
const LONGEST_SIDE: u32 = 1568;
/// A larger image is not even opened.
const MOST_BYTES: usize = 10 * 1024 * 1024;
/// What opening one may take in memory.
const MOST_MEMORY: u64 = 256 * 1024 * 1024;
/// The newest so many of a conversation are sent: each costs like a page of text.
const MOST_SENT: usize = 8;
/// How many are kept ready.
const MOST_KEPT: usize = 64;

/// Images of calls as data URLs, in the order of each result.
pub type CallPictures = HashMap<CallId, Vec<Arc<str>>>;

/// Images made ready for models, one for all conversations.
#[derive(Default)]
pub(crate) struct Pictures {
    /// By the fingerprint of what came; nothing where it cannot be opened.
    made: Mutex<HashMap<u64, Option<Arc<str>>>>,
}

impl Pictures {
    /// The newest images in these turns.
    pub(crate) async fn of(&self, earlier: &[Turn], items: &[Item]) -> Arc<CallPictures> {
        let all = earlier.iter().flat_map(|turn| &turn.items).chain(items);
        let images: Vec<(&CallId, &str)> = all.flat_map(images).collect();
        let mut found = CallPictures::new();
        for (call, data) in &images[images.len().saturating_sub(MOST_SENT)..] {
            if let Some(picture) = self.ready(data).await {
                found.entry((*call).clone()).or_default().push(picture);
            }
        }
        Arc::new(found)
    }

    async fn ready(&self, data: &str) -> Option<Arc<str>> {
        let mut hasher = DefaultHasher::new();
        data.hash(&mut hasher);
        let key = hasher.finish();
        if let Some(known) = self.made.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return known.clone();
        }
        let data = data.to_owned();
        // Opening a large one takes longer than anybody on the async threads may.
        let made = tokio::task::spawn_blocking(move || fitted(&data).map(Arc::<str>::from)).await.ok().flatten();
        let mut kept = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST_KEPT {
            kept.clear();
        }
        kept.insert(key, made.clone());
        made
    }
}

fn images(item: &Item) -> Vec<(&CallId, &str)> {
    let Item::ToolCall(call) = item else { return vec![] };
    let CallStatus::Succeeded { output } = &call.status else { return vec![] };
    let data = output.content.iter().filter_map(|content| match content {
        Content::Image { data, .. } => Some((&call.id, data.as_str())),
        _ => None,
    });
    data.collect()
}

/// The image as a data URL, scaled down where it is too large.
fn fitted(data: &str) -> Option<String> {
    let clean: String = data.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    if clean.len() / 4 * 3 > MOST_BYTES {
        return None;
    }
    data_url(&BASE64_STANDARD.decode(clean.as_bytes()).ok()?)
}

/// An image as a data URL, scaled down where it is too large; a small one stays as it came.
pub(crate) fn data_url(bytes: &[u8]) -> Option<String> {
    let (format, image) = opened(bytes)?;
    if image.width().max(image.height()) <= LONGEST_SIDE {
        return Some(url(format, bytes));
    }
    rewritten(&image, format).map(|picture| picture.url)
}

/// An image that is small enough for models.
pub(crate) struct Picture {
    /// A data URL.
    pub(crate) url: String,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

/// Whether these bytes begin as an image that can be opened.
pub(crate) fn is_picture(bytes: &[u8]) -> bool {
    let format = image::guess_format(bytes).ok();
    format.is_some_and(|format| format.reading_enabled())
}

/// A person's picture, written anew: small enough, the right way up, and without what cameras write into it, such as
/// the place where it was taken.
pub(crate) fn picture(bytes: &[u8]) -> Option<Picture> {
    let (format, image) = opened(bytes)?;
    rewritten(&image, format)
}

/// The data URL of such a picture as it is; nothing where it cannot be opened.
pub(crate) fn url_of(bytes: &[u8]) -> Option<String> {
    let (format, _) = opened(bytes)?;
    Some(url(format, bytes))
}

/// What it is, is read from its bytes.
fn opened(bytes: &[u8]) -> Option<(ImageFormat, DynamicImage)> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok()?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_MEMORY);
    reader.limits(limits);
    let format = reader.format()?;
    let mut decoder = reader.into_decoder().ok()?;
    // Cameras write pictures as they were held, and beside them how they are to be turned.
    let turned = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder).ok()?;
    image.apply_orientation(turned);
    Some((format, image))
}

fn rewritten(image: &DynamicImage, format: ImageFormat) -> Option<Picture> {
    let small = (image.width().max(image.height()) > LONGEST_SIDE).then(|| image.thumbnail(LONGEST_SIDE, LONGEST_SIDE));
    let image = small.as_ref().unwrap_or(image);
    let (format, bytes) = written(image, format)?;
    Some(Picture { url: url(format, &bytes), width: image.width(), height: image.height() })
}

fn url(format: ImageFormat, bytes: &[u8]) -> String {
    format!("data:{};base64,{}", format.to_mime_type(), BASE64_STANDARD.encode(bytes))
}

/// Photographs stay photographs; what may be drawn or transparent stays exact.
fn written(image: &DynamicImage, format: ImageFormat) -> Option<(ImageFormat, Vec<u8>)> {
    let format = if format == ImageFormat::Jpeg { ImageFormat::Jpeg } else { ImageFormat::Png };
    let mut bytes = Cursor::new(vec![]);
    image.write_to(&mut bytes, format).ok()?;
    Some((format, bytes.into_inner()))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A picture of that size, as a file.
    pub(crate) fn bytes(width: u32, height: u32) -> Vec<u8> {
        written(&DynamicImage::new_rgb8(width, height), ImageFormat::Png).unwrap().1
    }

    fn png(width: u32, height: u32) -> String {
        BASE64_STANDARD.encode(bytes(width, height))
    }

    fn size(url: &str) -> (u32, u32) {
        let data = url.split_once(";base64,").unwrap().1;
        let image = image::load_from_memory(&BASE64_STANDARD.decode(data).unwrap()).unwrap();
        (image.width(), image.height())
    }

    #[test]
    fn images_fit_and_are_what_their_bytes_say() {
        let small = png(20, 10);
        assert_eq!(fitted(&small), Some(format!("data:image/png;base64,{small}")));
        assert_eq!(size(&fitted(&png(3136, 100)).unwrap()), (1568, 50));
        let broken = small.split_at(16);
        assert_eq!(fitted(&format!("{}\n{}", broken.0, broken.1)).map(|url| size(&url)), Some((20, 10)));
        assert_eq!(fitted("AAAA"), None);
        assert_eq!(fitted("no base64 at all!"), None);
    }
}
