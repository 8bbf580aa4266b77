"""Make records of pictures of your own, from a folder of files for each class."""

from __future__ import annotations

import argparse
from pathlib import Path

from .features import CLASSES, IMAGE, LABEL


def write_records(folder: Path, target: Path) -> int:
    """Write a `tf.Example` for each file in `folder/<name of its class>/`, and say how many there are.

    ValueError if a folder has no class of its name.
    """
    import tensorflow as tf

    files = sorted(path for path in folder.glob("*/*") if path.is_file())
    numbers = [_class_number(path.parent) for path in files]
    target.parent.mkdir(parents=True, exist_ok=True)
    with tf.io.TFRecordWriter(str(target)) as writer:
        for file, number in zip(files, numbers, strict=True):
            feature = {
                IMAGE: tf.train.Feature(bytes_list=tf.train.BytesList(value=[file.read_bytes()])),
                LABEL: tf.train.Feature(int64_list=tf.train.Int64List(value=[number])),
            }
            example = tf.train.Example(features=tf.train.Features(feature=feature))
            writer.write(example.SerializeToString(deterministic=True))
    return len(files)


def _class_number(folder: Path) -> int:
    if folder.name not in CLASSES:
        raise ValueError(
            f"{folder} has the name of no class. There are {', '.join(CLASSES)}: rename the folder, or name "
            "its class in CLASSES in features.py"
        )
    return CLASSES.index(folder.name)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Make records of pictures.")
    parser.add_argument(
        "folder", type=Path, help="has a folder for each class, with its PNG, JPEG, GIF or BMP files"
    )
    parser.add_argument("target", type=Path, help="the TFRecord file to write")
    given = parser.parse_args()
    print(f"{write_records(given.folder, given.target)} pictures in {given.target}")


if __name__ == "__main__":
    main()
