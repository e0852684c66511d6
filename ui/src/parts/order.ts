/** As people put names in order: without regard to capitals, and 2 before 10. */
export const byName = new Intl.Collator(undefined, { numeric: true }).compare;
