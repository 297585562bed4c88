// Whoever knows providers knows the images that they make.
@_exported public import ImageFormats
