// The multipart body of images/edits as the JSON that it could have been.
internal import JSON

enum OpenAIForm {
    /// Parts that are numbers or truths; a prompt of digits stays a text.
    private static let typed: Set<String> = [
        "n", "seed", "num_inference_steps", "steps", "guidance_scale", "width", "height", "strength", "stream",
        "partial_images", "fresh", "lenient",
    ]

    /// - Throws: ``Problem`` for a field that comes twice; several pictures are one field's list.
    static func fields(of form: FormFields) throws(Problem) -> JSONObject {
        var fields: JSONObject = [:]
        var lists: [String: [JSONValue]] = [:]
        for (name, value) in form.fields {
            let plain = FormReader.plain(name)
            switch value {
            case .picture(let picture): lists[plain, default: []].append(picture.reference)
            case .text(let text):
                guard fields[plain] == nil else { throw .badForm("has the field \(plain) twice", field: plain) }
                fields[plain] = typed.contains(plain) ? RequestPictures.value(text) : .string(text)
            }
        }
        for (name, pictures) in lists { fields[name] = pictures.count == 1 ? pictures[0] : .array(pictures) }
        return fields
    }
}
