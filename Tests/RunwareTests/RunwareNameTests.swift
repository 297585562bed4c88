import Testing

@testable import Runware

struct RunwareNameTests {
    @Test(
        "A model is source:id@version, whatever the parts are",
        arguments: ["runware:100@1", "civitai:36520@76907", "alibaba:qwen-image@2.0-pro", "google:gemma@4-31b"]
    )
    func takesModel(text: String) throws {
        #expect(try RunwareModel(text).text == text)
    }

    @Test(
        "What is no model is refused with what to write",
        arguments: [
            "", "flux", "runware:100", "runware@1", ":1@1", "a:@1", "a:b@", "a:b@1@2", "a b:c@1",
            "urn:air:sdxl:checkpoint:civitai:101055@128078", "black-forest-labs/FLUX.1-schnell",
        ]
    )
    func refusesModel(text: String) {
        let error = #expect(throws: RunwareModelError.self) { try RunwareModel(text) }

        #expect(error?.description.hasSuffix("write source:id@version, such as runware:100@1") == true)
    }

    @Test(
        "A task's id is the attempt's with version 4 and its variant",
        arguments: [
            ("019a8e5c-4f2b-7c31-9f0e-2b1c5d8a7e64", "019a8e5c-4f2b-4c31-9f0e-2b1c5d8a7e64"),
            ("7D2C9A10-6A41-4A8F-9C55-2F0F4F3C1B7E", "7d2c9a10-6a41-4a8f-9c55-2f0f4f3c1b7e"),
            ("00000000-0000-0000-0000-000000000000", "00000000-0000-4000-8000-000000000000"),
            ("ffffffff-ffff-ffff-ffff-ffffffffffff", "ffffffff-ffff-4fff-bfff-ffffffffffff"),
        ]
    )
    func makesVersion4(attempt: String, task: String) {
        #expect(TaskUUID(attemptID: attempt).description == task)
        #expect(TaskUUID(task)?.description == task)
    }

    @Test func `other texts give an id as well, the same each time; none gives a random one`() {
        #expect(TaskUUID(attemptID: "attempt 7") == TaskUUID(attemptID: "attempt 7"))
        #expect(TaskUUID(attemptID: "attempt 7") != TaskUUID(attemptID: "attempt 8"))
        #expect(TaskUUID(attemptID: "") != TaskUUID(attemptID: ""))
        #expect(TaskUUID("019a8e5c-4f2b-7c31-9f0e-2b1c5d8a7e64") == nil)
        #expect(TaskUUID("x") == nil)
    }

    @Test func `a second form of a request has an id of its own, the same each time`() {
        let task = TaskUUID(attemptID: "019a8e5c-4f2b-7c31-9f0e-2b1c5d8a7e64")

        #expect(task.sibling.description == "019a8e5c-4f2b-4c31-9f0e-2b1c5d8a7e65")
        #expect(task.isNamed(by: "019A8E5C-4F2B-4C31-9F0E-2B1C5D8A7E64"))
    }
}
