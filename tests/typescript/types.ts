// What the generated types must say of nulls, absence and names. A looser type than expected does not compile.

import type { components, operations } from "./generated/api.js";

type Schemas = components["schemas"];

/** `true` if the two types are one, else a type without values. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : never;

const holds: true = true;

holds satisfies Same<Schemas["Task"]["status"], "pending" | "in_progress" | "review" | "completed" | "cancelled">;
holds satisfies Same<Schemas["Task"]["due_date"], string | null>;
holds satisfies Same<Schemas["Task"]["assignee"], Schemas["Assignee"] | null>;
holds satisfies Same<Schemas["NewTask"]["week_number"], number>;
holds satisfies Same<Pick<Schemas["TaskPatch"], "title" | "due_date">, { title?: string; due_date?: string | null }>;
holds satisfies Same<Schemas["TaskList"]["next_cursor"], string | null>;
holds satisfies Same<Schemas["Contract"]["amount"], string | null>;
holds satisfies Same<Schemas["NewContract"]["amount"], string>;
holds satisfies Same<Schemas["FieldChange"]["to"], string | number | boolean | null>;
holds satisfies Same<Pick<Schemas["Member"], "email" | "name">, { email?: string; name: string }>;
holds satisfies Same<Schemas["Error"]["errors"], Schemas["FieldErrors"] | undefined>;
holds satisfies Same<Schemas["Error"]["required_roles"], Schemas["Role"][] | undefined>;
holds satisfies Same<operations["patch_task"]["parameters"]["header"], { "If-Match"?: string } | undefined>;
