// The official Python clients of OpenAI and Hugging Face, unchanged, against the real edge.
import EdgeLoop
import JSON
import TestSupport
import Testing

@Suite(.enabled(if: RealClients.areInstalled, Comment(rawValue: RealClients.advice)))
struct RealClientTests {
    init() { TestLoop.start() }

    @LoopActor
    private static func expectDone(_ script: String, _ host: EdgeHost) async throws {
        let result = try await RealClients.run(script, host: host)

        #expect(result.exit == .exited(0) && result.output.hasSuffix("done\n"), "\(result.text)")
    }

    @Test @LoopActor func `OpenAI's client makes images of the bundled function`() async throws {
        try await withEdge { host in
            try await Self.expectDone(
                """
                import base64, io, sys, urllib.request
                import openai
                from PIL import Image

                def size(data):
                    return Image.open(io.BytesIO(data)).size

                client = openai.OpenAI(base_url=sys.argv[1] + "/v1", api_key="any")
                assert len(client.models.list().data) > 0

                answer = client.images.generate(prompt="a boat", size="128x64", response_format="b64_json")
                assert len(answer.data) == 1 and answer.data[0].url is None
                assert size(base64.b64decode(answer.data[0].b64_json)) == (128, 64)
                assert answer.created > 1700000000 and answer._request_id

                answer = client.images.generate(prompt="a boat", size="128x64", n=2)
                links = [image.url for image in answer.data]
                pictures = [urllib.request.urlopen(link).read() for link in links]
                assert len(set(pictures)) == 2 and all(size(data) == (128, 64) for data in pictures)

                for wrong, param in [({"size": "banana"}, "size"), ({"size": "64x63"}, "size"), ({"n": 99}, "n")]:
                    try:
                        client.images.generate(prompt="a boat", **wrong)
                        raise SystemExit("no error")
                    except openai.BadRequestError as error:
                        assert error.param == param and error.code == "invalid_value", error.body
                        assert error.type == "invalid_request_error" and error.request_id
                        assert len(error.message) > 20, error.message

                events = list(client.images.generate(prompt="a boat", size="128x64", stream=True))
                assert [event.type for event in events] == ["image_generation.completed"]
                assert base64.b64decode(events[0].b64_json) == pictures[0]
                print("done")
                """,
                host
            )
            try await host.settled()
            #expect(host.doneJobs.count == 2 && host.activeJobs.isEmpty, "one for each image that differs")
        }
    }

    @Test @LoopActor func `OpenAI's client is shown unfinished pictures`() async throws {
        let openai = try OpenAIScript(then: .stream(partials: 3))
        try await withEdge(EdgeOptions(environment: openai.environment)) { host in
            replaceFile("\(host.folder.path)/input.txt", with: PicturesInTests.base64(TestPicture.png("input")))
            try await Self.expectDone(
                """
                import base64, io, sys
                import openai
                from PIL import Image

                def check(events, kind, prompt):
                    assert [event.type for event in events] == [kind + ".partial_image"] * 2 + [kind + ".completed"], events
                    assert [event.partial_image_index for event in events[:2]] == [0, 1]
                    for event in events:
                        picture = Image.open(io.BytesIO(base64.b64decode(event.b64_json)))
                        assert picture.size == (8, 8) and prompt in picture.text["Title"], picture.text
                        assert event.size == "8x8" and event.output_format == "png"
                        assert event.quality == "medium" and event.background == "opaque" and event.created_at
                    assert events[2].usage.total_tokens == 1066

                client = openai.OpenAI(base_url=sys.argv[1] + "/v1", api_key="any")
                ask = dict(prompt="a boat", model="gpt-image-1-mini", stream=True, partial_images=2)
                check(list(client.images.generate(**ask)), "image_generation", "a boat")
                again = list(client.images.generate(**ask))
                assert [event.type for event in again] == ["image_generation.completed"]
                assert again[0].usage is None

                picture = base64.b64decode(open("input.txt").read())
                ask["prompt"] = "a swan"
                check(list(client.images.edit(image=("a.png", picture), **ask)), "image_edit", "a swan")
                print("done")
                """,
                host
            )
            #expect(openai.calls == 2)
        }
    }

    @Test @LoopActor func `OpenAI's client edits, lists models, and reads every error`() async throws {
        let picture = TestPicture.png("input")
        try await withEdge(Painter.options()) { host in
            replaceFile("\(host.folder.path)/input.txt", with: PicturesInTests.base64(picture))
            try await Self.expectDone(
                """
                import base64, sys
                import openai

                picture = base64.b64decode(open("input.txt").read())
                client = openai.OpenAI(base_url=sys.argv[1] + "/v1", api_key="any")
                assert [model.id for model in client.models.list()] == ["acme/painter", "plain"]
                assert client.models.retrieve("acme/painter").object == "model"

                answer = client.images.edit(
                    image=("cat.png", picture), prompt="echo", model="acme/painter", response_format="b64_json")
                assert base64.b64decode(answer.data[0].b64_json) == picture
                answer = client.images.edit(image=[("a.png", picture)], mask=("m.png", picture), prompt="a fox")
                assert answer.data[0].url.startswith(sys.argv[1] + "/images/")
                events = list(client.images.edit(image=("cat.png", picture), prompt="echo", stream=True))
                assert [event.type for event in events] == ["image_edit.completed"]

                for call, kind, code in [
                    (lambda: client.models.retrieve("none/such"), openai.NotFoundError, "model_not_found"),
                    (lambda: client.images.generate(prompt="x", model="none/such"), openai.NotFoundError, "model_not_found"),
                    (lambda: client.images.create_variation(image=picture), openai.NotFoundError, "unknown_url"),
                    (lambda: client.images.generate(prompt="forbidden"), openai.UnprocessableEntityError, "moderation_blocked"),
                    (lambda: client.images.edit(image=b"no picture at all, no", prompt="x"), openai.APIStatusError, "picture_type"),
                    (lambda: client.images.generate(prompt="broken"), openai.InternalServerError, None),
                ]:
                    try:
                        call()
                        raise SystemExit("no error")
                    except kind as error:
                        assert code is None or error.code == code, error.body
                runs = open("runs").read()
                assert runs.count("broken") == 1, "what cannot help is not tried again"
                print("done")
                """,
                host
            )
        }
    }

    @Test @LoopActor func `Hugging Face's client gets a picture, also from a model that loads`() async throws {
        try await withEdge(EdgeOptions(environment: [("EDGE_SANDBOX_LOAD", "2")])) { host in
            try await Self.expectDone(
                """
                import sys
                from huggingface_hub import InferenceClient
                from huggingface_hub.errors import HfHubHTTPError

                client = InferenceClient(model=f"{sys.argv[1]}/models/acme/painter")
                picture = client.text_to_image("a fox", width=64, height=96, num_inference_steps=4, seed=7)
                assert picture.size == (64, 96), picture
                assert client.text_to_image("a fox", width=64, height=64).size == (64, 64)
                try:
                    client.text_to_image("a fox", width=63)
                    raise SystemExit("no error")
                except HfHubHTTPError as error:
                    assert error.response.status_code == 400 and "width is 63" in str(error), str(error)
                print("done")
                """,
                host
            )
            let attempts = host.doneJobs.values.compactMap { $0["attempts"]?.array?.count }
            #expect(attempts.contains { $0 > 1 })
            #expect(attempts.count == 2, "one for each image")
        }
    }
}
