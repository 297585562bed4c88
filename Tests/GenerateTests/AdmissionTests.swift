import JSON
import Providers
import Testing

@testable import Generate

struct AdmissionTests {
    private let admission = Fake.admission([
        Fake.standing("huggingface", ids: .hub, key: nil, usual: "org/usual"), Fake.sandbox,
    ])

    private func admit(_ json: String, _ contentType: String? = "application/json") throws -> Admission.Admitted {
        try admission.admit(method: "POST", target: "/generate", contentType: contentType, body: [UInt8](json.utf8))
    }

    private func get(_ query: String) throws -> Admission.Admitted {
        try admission.admit(method: "GET", target: "/generate?\(query)", contentType: nil, body: [])
    }

    private func refusal(_ body: () throws -> Admission.Admitted) throws -> AdmissionError {
        try #require(#expect(throws: AdmissionError.self) { try body() })
    }

    @Test func `every field reaches the run`() throws {
        let admitted = try admit(
            #"{"prompt":" a kite\n","negative_prompt":" blur ","model":"a/b","width":64,"height":2048,"steps":150,"guidance_scale":30,"seed":4294967295,"scheduler":"Euler","provider":"huggingface","fresh":true}"#
        )

        #expect(admitted.isFresh)
        #expect(admitted.input.candidates == [Candidate(provider: "huggingface", model: "a/b")])
        #expect(
            admitted.input.request
                == ImageRequest(
                    prompt: "a kite",
                    negativePrompt: "blur",
                    width: 64,
                    height: 2048,
                    steps: 150,
                    guidanceScale: 30,
                    seed: 4_294_967_295,
                    scheduler: "Euler"
                )
        )
    }

    @Test func `what is not given gets its default where we know it`() throws {
        let sandbox = try admit(#"{"prompt":"x","seed":null}"#).input
        let real = try admit(#"{"prompt":"x","provider":"huggingface"}"#).input

        #expect(sandbox.request == ImageRequest(prompt: "x", width: 512, height: 512))
        #expect(real.request == ImageRequest(prompt: "x"))
        #expect(real.candidates == [Candidate(provider: "huggingface", model: "org/usual")])
    }

    @Test(
        "JSON is taken under these types",
        arguments: [nil, "", "application/json", "Application/JSON; charset=utf-8", "text/plain;charset=UTF-8"]
    )
    func takesType(contentType: String?) throws {
        #expect(try admit(#"{"prompt":"x"}"#, contentType).input.request.prompt == "x")
    }

    @Test func `other types are refused`() throws {
        let error = try refusal { try admit(#"{"prompt":"x"}"#, "application/x-www-form-urlencoded") }

        #expect(error.status == 415)
        #expect(
            error.description
                == "the body is application/x-www-form-urlencoded; send JSON with Content-Type: application/json"
        )
    }

    @Test(
        "A refusal names the field, its problem and the range",
        arguments: [
            (#"{}"#, "prompt is missing; use 1 to 2000 characters after trimming"),
            ("", "prompt is missing, the body is empty; use 1 to 2000 characters after trimming"),
            (#"{"prompt":null}"#, "prompt is missing; use 1 to 2000 characters after trimming"),
            (#"{"prompt":" \n\u00a0"}"#, "prompt is empty; use 1 to 2000 characters after trimming"),
            (#"{"prompt":7}"#, "prompt is a number; use 1 to 2000 characters after trimming"),
            (#"{"prompt":["x"]}"#, "prompt is an array; use 1 to 2000 characters after trimming"),
            (#"{"prompt":"x","width":63}"#, "width is 63; use a multiple of 8 from 64 to 2048"),
            (#"{"prompt":"x","width":68}"#, "width is 68; use a multiple of 8 from 64 to 2048"),
            (#"{"prompt":"x","height":2056}"#, "height is 2056; use a multiple of 8 from 64 to 2048"),
            (#"{"prompt":"x","height":"512"}"#, "height is the text \"512\"; use a multiple of 8 from 64 to 2048"),
            (#"{"prompt":"x","width":512.5}"#, "width is 512.5; use a multiple of 8 from 64 to 2048"),
            (#"{"prompt":"x","steps":0}"#, "steps is 0; use a whole number from 1 to 150"),
            (#"{"prompt":"x","steps":151}"#, "steps is 151; use a whole number from 1 to 150"),
            (#"{"prompt":"x","steps":true}"#, "steps is true or false; use a whole number from 1 to 150"),
            (#"{"prompt":"x","guidance_scale":-0.1}"#, "guidance_scale is -0.1; use a number from 0 to 30"),
            (#"{"prompt":"x","guidance_scale":31}"#, "guidance_scale is 31; use a number from 0 to 30"),
            (#"{"prompt":"x","seed":-1}"#, "seed is -1; use a whole number from 0 to 4294967295"),
            (#"{"prompt":"x","seed":4294967296}"#, "seed is 4294967296; use a whole number from 0 to 4294967295"),
            (#"{"prompt":"x","seed":1e300}"#, "seed is 1e+300; use a whole number from 0 to 4294967295"),
            (#"{"prompt":"x","fresh":"yes"}"#, "fresh is a string; use true or false"),
            (#"{"prompt":"x","fresh":1}"#, "fresh is a number; use true or false"),
            (#"{"prompt":"x","provider":"opnai"}"#, "provider is \"opnai\"; use \(Field.provider.allowed)"),
            (
                #"{"prompt":"x","model":""}"#,
                "model is empty; use \(Field.model.allowed)"
            ),
            (
                #"{"prompt":"x","provider":"huggingface","model":"../x"}"#,
                "model cannot be used at huggingface: it must not hold \"..\"; use \(Field.model.allowed)"
            ),
            (
                #"{"prompt":"x","scheduler":"a\u0000b"}"#,
                "scheduler holds a control character; use a scheduler name of at most 100 characters"
            ),
            (
                #"{"prompt":"x","negativePrompt":"y"}"#,
                "negativePrompt is no field of this function; did you mean negative_prompt?"
            ),
            (#"{"prompt":"x","promt":"y"}"#, "promt is no field of this function; did you mean prompt?"),
            (
                #"{"prompt":"x","quality":"y"}"#,
                "quality is no field of this function; known are \(Field.allCases.map(\.rawValue).joined(separator: ", "))"
            ),
            (#"["x"]"#, "the body is an array; send a JSON object with a prompt"),
        ]
    )
    func refuses(json: String, message: String) throws {
        let error = try refusal { try admit(json) }

        #expect(error.description == message)
        #expect(error.status == 400)
    }

    @Test(
        "What is not JSON is refused with its place",
        arguments: ["{", "prompt=x", #"{"prompt":"x",}"#, #"{"prompt":"x","prompt":"y"}"#, "{\"prompt\":\"\u{1}\"}"]
    )
    func refusesText(text: String) throws {
        let error = try refusal { try admit(text) }

        #expect(error.code == "invalid_json")
        #expect(error.description.hasPrefix("the body is not JSON: line 1, column "))
    }

    @Test func `a prompt counts Unicode scalars`() throws {
        #expect(
            try admit(#"{"prompt":" \#(String(repeating: "灯", count: 2000)) "}"#).input.request.prompt.count == 2000
        )
        let error = try refusal { try admit(#"{"prompt":"\#(String(repeating: "e\u{301}", count: 1001))"}"#) }

        #expect(error.description == "prompt has 2002 characters; use 1 to 2000 characters after trimming")
    }

    @Test func `an unknown field of any size or content is shown safely`() throws {
        let error = try refusal { try admit(#"{"prompt":"x","\u001b[31m\#(String(repeating: "a", count: 5000))":1}"#) }

        #expect(error.description.utf8.count < 300)
        #expect(error.description.hasPrefix(" [31maaa"))
    }

    @Test func `a query is the same request as a body`() throws {
        let query = try get(
            "prompt=a+red%20kite%21&negative_prompt=&width=512&guidance_scale=7.5&seed=7&fresh=true&forceFunctionRegion=eu-west-1"
        )
        let body = try admit(#"{"prompt":"a red kite!","width":512,"guidance_scale":7.5,"seed":7,"fresh":true}"#)

        #expect(query == body)
    }

    @Test(
        "A bad query is refused",
        arguments: [
            ("", "prompt is missing; use 1 to 2000 characters after trimming"),
            ("prompt=x&width=abc", "width is the text \"abc\"; use a multiple of 8 from 64 to 2048"),
            ("prompt=x&prompt=y", "prompt is there twice; use 1 to 2000 characters after trimming"),
            ("prompt=x&stpes=3", "stpes is no field of this function; did you mean steps?"),
            ("prompt=%zz", "the query has a % without two hexadecimal digits behind it"),
            ("prompt=%4", "the query has a % without two hexadecimal digits behind it"),
            ("prompt=%ff", "the query is not UTF-8"),
            ("prompt=x&fresh=maybe", "fresh is a string; use true or false"),
            ((0..<40).map { "a\($0)=1" }.joined(separator: "&"), "the query has more than 32 fields"),
        ]
    )
    func refusesQuery(query: String, message: String) throws {
        #expect(try refusal { try get(query) }.description == message)
    }

    @Test func `a prompt of digits in a query stays a text`() throws {
        #expect(
            try get("prompt=1984&model=7").input.request
                == ImageRequest(prompt: "1984", width: 512, height: 512)
        )
        #expect(try get("prompt=1984&model=7").input.candidates.map(\.model) == ["7"])
    }

    @Test func `the query of a POST says nothing`() throws {
        let admitted = try admission.admit(
            method: "POST",
            target: "/generate?forceFunctionRegion=x&seed=5",
            contentType: nil,
            body: [UInt8](#"{"prompt":"x"}"#.utf8)
        )

        #expect(admitted.input.request.seed == nil)
    }

    @Test func `a provider that cannot be used says what to do`() throws {
        let admission = Fake.admission([
            Fake.standing("huggingface", key: nil, notReady: "set HUGGINGFACE_API_KEY"), Fake.sandbox,
        ])

        let error = try refusal { try admission.admit(["prompt": "x", "provider": "huggingface"]) }

        #expect(error.status == 424)
        #expect(error.description == "provider huggingface cannot be used now: set HUGGINGFACE_API_KEY")
        #expect(try admission.admit(["prompt": "x"]).input.candidates.map(\.provider) == ["sandbox"])
    }

    @Test func `the problem names the field`() throws {
        let problem = try refusal { try admit(#"{"prompt":"x","width":63}"#) }.problem

        #expect(problem["status"] == 400)
        #expect(problem["code"] == "invalid_field")
        #expect(problem["field"] == "width")
        #expect(problem["detail"] == "width is 63; use a multiple of 8 from 64 to 2048")
    }
}
