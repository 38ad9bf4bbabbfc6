/** An identity with changes applied to it, as an SQL expression; both are expressions too, of an `Identity` and `IdentityChanges`. */
export const changedIdentitySql = (identity: string, changes: string) => `
  jsonb_strip_nulls(
    ${identity} || (${changes}->'fields') || jsonb_build_object('personality', case
      when jsonb_typeof(${changes}->'personality') = 'null' then null
      -- Only a personality that neither side has stays unset.
      when ${identity}->'personality' is null and jsonb_strip_nulls(${changes}->'personality') = '{}' then null
      else coalesce(${identity}->'personality', '{}') || (${changes}->'personality')
    end)
  )`;
