// Reads every row of the given Parquet files with hyparquet and prints how many there are.
// A row without path, visitor or time is an error.
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';

let rows = 0;
for (const name of process.argv.slice(2)) {
  const file = await asyncBufferFromFile(name);
  for (const row of await parquetReadObjects({ file, compressors })) {
    if (typeof row.path !== 'string' || typeof row.visitor_id !== 'bigint' || !(row.ts instanceof Date)) {
      throw new Error(`${name}: a row without path, visitor or time: ${JSON.stringify(row, (_, v) => (typeof v === 'bigint' ? String(v) : v))}`);
    }
    rows++;
  }
}
console.log(rows);
