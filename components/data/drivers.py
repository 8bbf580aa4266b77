"""What to install for which database: SQLAlchemy brings only SQLite's driver."""

from __future__ import annotations

import re

_DRIVERS = {
    "psycopg2": "psycopg2-binary",
    "psycopg": "'psycopg[binary]'",
    "pg8000": "'millwork[postgresql]'",
    "MySQLdb": "mysqlclient",
    "pymysql": "pymysql",
    "mysql": "mysql-connector-python",
    "mariadb": "mariadb",
    "pyodbc": "pyodbc",
    "pymssql": "pymssql",
    "oracledb": "oracledb",
    "cx_Oracle": "cx_Oracle",
}
"""Packages by the module that is missing."""

_DIALECTS = {
    "bigquery": "'millwork[bigquery]'",
    "snowflake": "snowflake-sqlalchemy",
    "redshift": "sqlalchemy-redshift",
    "trino": "'trino[sqlalchemy]'",
    "presto": "'pyhive[presto]'",
    "hive": "'pyhive[hive]'",
    "databricks": "databricks-sqlalchemy",
    "duckdb": "duckdb-engine",
    "clickhouse": "clickhouse-sqlalchemy",
    "cockroachdb": "sqlalchemy-cockroachdb",
}
"""Packages by the first word of the URL."""


def how_to_install(error: Exception) -> str:
    """The end of a message about an error that a package that is not there has caused; else ''."""
    from sqlalchemy.exc import NoSuchModuleError

    if isinstance(error, ModuleNotFoundError) and error.name:
        module = error.name.partition(".")[0]
        advice = f". Install it: pip install {_DRIVERS.get(module, module)}"
        if module == "psycopg2":
            advice += ", or pip install 'millwork[postgresql]' and begin the url with postgresql+pg8000://"
        if module == "MySQLdb":
            advice += ", or pip install pymysql and begin the url with mysql+pymysql://"
        return advice
    if isinstance(error, NoSuchModuleError):
        name, _, driver = re.sub(r".*sqlalchemy\.dialects:", "", str(error)).partition(".")
        if name == "postgres":
            return ". The url begins with postgresql+pg8000://, or with postgresql:// and another driver"
        if name in _DIALECTS:
            return f". Install it: pip install {_DIALECTS[name]}"
        what = f"{name}+{driver}" if driver else name
        return f". Is {what!r} misspelt? If not, install the package that brings SQLAlchemy's dialect of that name"
    return ""
