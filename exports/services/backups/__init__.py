"""Backups: the stream of one, its file on disk, its record, the scheduled ones, mask files."""

from exports.services.backups.dumping import Dump
from exports.services.backups.files import BackupFile, write_backup
from exports.services.backups.progress import Progress, finish
from exports.services.backups.reading import BackupReader

__all__ = ["BackupFile", "BackupReader", "Dump", "Progress", "finish", "write_backup"]
