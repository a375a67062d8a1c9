spec.model @m {
