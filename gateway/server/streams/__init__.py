"""Answers that come piece by piece over HTTP.

answer       sends pieces as they come, and ends with its client
sse          server-sent events
multipart    the parts of what a document defers
increments   what a part says, in either form
fragments    the form of 2022: a labelled fragment whole
"""
