"""Azure's conditional puts on a file system in memory."""

import itertools

from fsspec.implementations.memory import MemoryFileSystem


class BlobsInMemory(MemoryFileSystem):
    protocol = ("abfs", "az")
    cachable = False

    def __init__(self) -> None:
        super().__init__()
        self.etags, self.numbers = {}, itertools.count()
        self.now, self.written_at = 0.0, {}

    def etag(self, path):
        return self.etags.get(path)

    def cat_with_etag(self, path):
        return (self.cat_file(path), self.etags[path]) if path in self.etags else None

    def age_seconds(self, path):
        return self.now - self.written_at[path] if path in self.written_at else None

    def remove_if(self, path, etag):
        if self.etags.get(path) not in (etag, None):
            return False
        if self.etags.pop(path, None):
            self.rm_file(path)
        return True

    def put_bytes(self, path, content, etag=None, only_new=False):
        if (only_new and path in self.etags) or (etag is not None and self.etags.get(path) != etag):
            return False
        self.pipe_file(path, content)
        self.written_at[path] = self.now
        self.etags[path] = f'"{next(self.numbers)}"'
        return True
