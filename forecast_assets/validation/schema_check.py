"""Schema check of every stored table: its Pandera model, all violations collected."""

import pandas as pd
import pandera.errors
import pandera.pandas as pa

from forecast_assets.schemas import TABLES
from forecast_assets.schemas.table import Table
from forecast_assets.validation.table_checks import CheckDeclaration, Finding, TableCheck, Tables, violating

PARTITION_MONTH = "partition_month"

SCHEMA = CheckDeclaration("schema", "Columns, types, allowed values and keys are those of the table's schema.")


def schema_check(table_name: str) -> TableCheck:
    """Return the schema check of a table."""
    model = TABLES[table_name]

    def find(table: pd.DataFrame, _: pd.Timestamp) -> Finding:
        misfits = model.misfit_columns(table)
        if misfits:
            types = pd.DataFrame({"column": misfits, "type": [str(table[name].dtype) for name in misfits]})
            return violating(
                types, f"{table_name} has columns that its schema does not declare: {', '.join(misfits[:10])}"
            )
        try:
            # A duplicate index label would make a unique key of several columns raise ValueError in Pandera.
            model.validate(_declared(model, table).reset_index(drop=True), lazy=True)
        except pandera.errors.SchemaErrors as error:
            cases = error.failure_cases[["column", "check", "failure_case", "index"]]
            return violating(cases.rename(columns={"index": "row"}), _message(table_name, cases))
        return Finding()

    return SCHEMA.rule(find, lambda tables: _all_match(model, tables))


def _declared(model: type[Table], table: pd.DataFrame) -> pd.DataFrame:
    """Return the declared columns that the table has; Pandera reports those that are absent."""
    return table[[name for name in model.fixed_columns() if name in table]]


def _all_match(model: type[Table], tables: Tables) -> bool:
    """Return True if all months match, in one validation: 143 months of sell-in took 4 s one by one, 0.05 s at once."""
    schema = model.to_schema().add_columns({PARTITION_MONTH: pa.Column("datetime64[ns]")})
    schema.unique = [*model.keys(), PARTITION_MONTH]
    fixed = model.fixed_columns()
    if any(model.misfit_columns(table) or not set(fixed) <= set(table) for table in tables.values()):
        return False
    stacked = pd.concat([table[fixed].assign(**{PARTITION_MONTH: month}) for month, table in tables.items()])
    try:
        schema.validate(stacked.reset_index(drop=True))
    except (pandera.errors.SchemaError, pandera.errors.SchemaErrors):
        return False
    return True


def _message(table_name: str, cases: pd.DataFrame) -> str:
    by_rule = cases.groupby(["column", "check"], dropna=False, sort=False).size().reset_index(name="cases")
    rules = "; ".join(f"{row.column}: {row.check} ({row.cases})" for row in by_rule.itertuples())
    return f"{table_name} does not match its schema: {rules}"
