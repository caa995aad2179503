/** What lists show of a job's results, apart from all of them. */
export const listedResults = `
alter table jobs add column results_listed text not null default '[]';
alter table jobs add column results_count integer not null default 0;
update jobs set results_count = json_array_length(results),
  results_listed = case
    when json_array_length(results) <= 50 and length(results) <= 8000 then results
    else (select json_group_array(json(value)) from (
      select value from json_each(results)
      where key < 20 or value ->> 'type' = 'algorithmLog'
      order by key limit 21
    ))
  end
where results <> '[]';
`;
