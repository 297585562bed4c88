// What is asked for, in the Hub's words: a model's mapping says for each provider which of these it serves.
internal import Providers

enum HFTask: String, Sendable, CaseIterable {
    case textToImage = "text-to-image"
    case imageToImage = "image-to-image"
    case textToVideo = "text-to-video"
    case imageToVideo = "image-to-video"

    init(of request: ImageRequest) {
        self =
            switch request.kind {
            case .image: request.image == nil ? .textToImage : .imageToImage
            case .video: request.image == nil ? .textToVideo : .imageToVideo
            }
    }

    var isVideo: Bool { self == .textToVideo || self == .imageToVideo }
}
