// The errors of this library. Anything else that leaves it is a bug.

/** Input that the specification refuses; `reason` is a code of specs/registries/reasons.toml. */
export class Refusal extends Error {
  constructor(reason, detail = "") {
    super(detail ? `${reason}: ${detail}` : reason);
    this.name = "Refusal";
    this.reason = reason;
  }
}

/** This platform cannot do what is asked, which is no verdict on any input: `code` says why. */
export class Unfit extends Error {
  constructor(code, cause) {
    super(code, { cause });
    this.name = "Unfit";
    this.code = code;
  }
}

/** Throw a Refusal with `reason`. */
export function refuse(reason, detail = "") {
  throw new Refusal(reason, detail);
}
