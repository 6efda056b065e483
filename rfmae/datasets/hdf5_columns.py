"""Columns of HDF5 files that others may have written: what they are, before any is read."""

import h5py

HDF5_DAMAGES = (OSError, KeyError, RuntimeError, ValueError)
"""What h5py raises at a damaged file, by where it is damaged."""

MOST_COMPRESSION = 1100  # times; deflate reaches 1032

_HERE = (h5py.HardLink, type(None))


def column_fault(file: h5py.File, name: str) -> str | None:
    """Why what has a name is no column to read, in words that follow the name, or nothing.

    One that is elsewhere, by a link or by HDF5's own storage in other files, could show any file
    of the reader's, and one that holds less than its shape says would fill the memory with zeros.
    """
    places = name.split("/")
    for count in range(1, len(places) + 1):
        if not isinstance(file.get("/".join(places[:count]), getlink=True), _HERE):
            return "is a link to another place"
    item = file.get(name)
    if not isinstance(item, h5py.Dataset):
        return None
    if item.is_virtual or item.external:
        return "lies in another file"
    held = item.id.get_storage_size()
    if (item.nbytes or 0) > MOST_COMPRESSION * (held + 1):
        return f"of shape {item.shape} holds {held} bytes"
    return None
