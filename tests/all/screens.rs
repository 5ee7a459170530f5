//! What is on the screen: snapshots with styles, and properties of every size.

mod dialogs;
mod lists;
mod paint;
mod properties;

#[test]
#[ignore = "prints screens to be read by a person"]
fn print() {
    for (w, h) in [(80, 24), (120, 40), (200, 50)] {
        println!("{}", paint::picture(&crate::fixture::incident(), w, h, &paint::Paint::Roles).text());
        for p in 0..if w > 100 { 1 } else { 4 } {
            println!(
                "{}",
                paint::picture(&crate::fixture::on_service(crate::fixture::incident(), p), w, h, &paint::Paint::Roles)
                    .text()
            );
        }
        println!(
            "{}",
            paint::picture(&crate::fixture::on_service(crate::fixture::failed(), 0), w, h, &paint::Paint::Roles).text()
        );
    }
}
