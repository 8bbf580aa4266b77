"""Reading configuration files."""

from millwork.components.models.fn_args import parse_pbtxt_file

__all__ = ["parse_pbtxt_file"]
