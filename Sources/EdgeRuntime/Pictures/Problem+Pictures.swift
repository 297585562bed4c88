// What is wrong with a picture that came with a request.
internal import ImageFormats

extension Problem {
    static func picture(_ field: String, _ what: String, status: Int = 400) -> Problem {
        let code =
            switch status {
            case 413: "picture_too_large"
            case 415: "picture_type"
            default: "invalid_picture"
            }
        return Problem(
            status: status,
            code: code,
            message: "\(field) \(what); send \(Picture.allowed)",
            field: field
        )
    }

    static func pictureTooLarge(_ field: String) -> Problem {
        picture(field, "has more than \(Picture.bytesMax) bytes", status: 413)
    }

    static func picture(_ field: String, _ fault: ImageFault) -> Problem {
        switch fault {
        case .empty: picture(field, "is empty")
        case .notAnImage(let what): picture(field, "is \(what) and no picture", status: 415)
        case .truncated, .damaged: picture(field, "cannot be read: \(fault)")
        }
    }

    static func pictureSource(_ field: String, _ what: String) -> Problem {
        Problem(
            status: 400,
            code: "invalid_picture",
            message:
                "\(field) \(what); send a data URI (data:image/png;base64,...), the URL of an image of this host, or a file in "
                + "a multipart/form-data upload",
            field: field
        )
    }

    static func unknownImage(_ field: String, _ name: String) -> Problem {
        Problem(
            status: 400,
            code: "unknown_image",
            message:
                "\(field) names \(name.prefix(128)), an image that this host does not have (any more); send the picture itself",
            field: field
        )
    }

    static let fieldsTooLarge = Problem(
        status: 413,
        code: "body_too_large",
        message: "the request has more than \(RequestPictures.fieldsBytesMax) bytes besides its pictures"
    )

    static func badForm(_ reason: String, field: String? = nil) -> Problem {
        Problem(status: 400, code: "bad_form", message: "the multipart/form-data body \(reason)", field: field)
    }
}
