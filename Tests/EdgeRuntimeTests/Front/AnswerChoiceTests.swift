import Testing

@testable import EdgeRuntime

struct AnswerChoiceTests {
    @Test(
        "The form follows Accept",
        arguments: [
            (nil, AnswerChoice.image), ("", .image), ("*/*", .image), ("image/*", .image), ("image/png", .image),
            ("application/json", .document), ("Application/JSON; charset=utf-8", .document),
            ("application/*", .document),
            ("text/event-stream", .events), ("application/octet-stream", .octets),
            ("application/json, text/plain, */*", .document),
            (
                "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8",
                .image
            ),
            ("image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8", .image),
            ("text/html, */*;q=0.1", .image),
            ("image/*;q=0.5, application/json", .document), ("application/json;q=0.5, image/png;q=0.6", .image),
            ("image/*, application/json", .image), ("application/json, image/*", .document),
            ("image/*;q=0, */*", .document),
            ("*/*, application/json;q=0", .image), ("image/png, image/*;q=0", .image), ("*/*;q=0.001", .image),
            ("garbage", .image), ("image/png;q=x, application/json", .document),
            ("text/event-stream;q=0.9, application/json;q=1.000", .document),
            ("application/json;profile=\"a,b;q=0\";q=0.2, text/event-stream;q=0.1", .document),
        ] as [(String?, AnswerChoice)]
    )
    func choice(accept: String?, choice: AnswerChoice) {
        #expect(AnswerChoice.of(accept: accept.map { [$0] } ?? [], clientInfo: nil) == choice)
    }

    @Test(
        "Supabase clients get the document unless they name something else",
        arguments: [
            (nil, AnswerChoice.document), ("*/*", .document), ("image/png", .image),
            ("application/octet-stream", .octets),
            ("text/event-stream", .events), ("image/*, */*;q=0.8", .image),
        ] as [(String?, AnswerChoice)]
    )
    func supabase(accept: String?, choice: AnswerChoice) {
        let clientInfo = "supabase-js/2.99.0; runtime=web"

        #expect(AnswerChoice.of(accept: accept.map { [$0] } ?? [], clientInfo: clientInfo) == choice)
    }

    @Test(
        "What is not offered is refused",
        arguments: ["text/html", "image/*;q=0", "*/*;q=0", "video/mp4, text/plain"]
    )
    func refused(accept: String) {
        #expect(AnswerChoice.of(accept: [accept], clientInfo: nil) == nil)
    }

    @Test func `several Accept headers are one list`() {
        #expect(AnswerChoice.of(accept: ["image/png;q=0.1", "application/json"], clientInfo: "my-app") == .document)
    }
}
