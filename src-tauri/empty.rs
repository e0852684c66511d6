//! An empty window: what every Tauri app costs, to measure Loquat's start against.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let blank = tauri::WebviewUrl::External("about:blank".parse()?);
    tauri::Builder::default()
        .setup(move |app| {
            tauri::WebviewWindowBuilder::new(app, "main", blank).inner_size(1180.0, 820.0).build()?;
            Ok(())
        })
        .run(tauri::generate_context!())?;
    Ok(())
}
