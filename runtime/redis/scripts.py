"""What Redis does in one step, as Lua scripts over one hash."""

import hashlib
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Script:
    """A script and the name that a server knows it by once it was sent."""

    source: str
    sha: str = field(init=False)

    def __post_init__(self) -> None:
        """Work the name out."""
        # What Redis takes for a name; it protects nothing.
        sha = hashlib.sha1(self.source.encode(), usedforsecurity=False).hexdigest()
        object.__setattr__(self, "sha", sha)


CHANGE = Script("""
-- KEYS: the hash. ARGV: how many arguments are guarded fields and what each must hold, those; how
-- many are fields and values to set, those; then the fields to delete. 1 where all held that,
-- else 0 and no change.
local key, guards = KEYS[1], tonumber(ARGV[1])
for at = 2, guards + 1, 2 do
  if redis.call('HGET', key, ARGV[at]) ~= ARGV[at + 1] then return 0 end
end
local first = guards + 3
local last = first - 1 + tonumber(ARGV[guards + 2])
-- unpack stops near 8000 values; an even number keeps fields and values together.
local function each(command, from, to)
  while from <= to do
    local upto = math.min(from + 5999, to)
    redis.call(command, key, unpack(ARGV, from, upto))
    from = upto + 1
  end
end
-- The position is set last: where a command is refused, what was done is done again.
each('HDEL', last + 1, #ARGV)
each('HSET', first, last)
return 1
""")

CLEAR = Script("""
-- KEYS: the hash. ARGV: the field that says how far a rebuild has read.
redis.call('UNLINK', KEYS[1])
redis.call('HSET', KEYS[1], ARGV[1], '0')
return 1
""")

COUNT = Script("""
-- KEYS: the hash. ARGV: the fields that are no state values.
local count = redis.call('HLEN', KEYS[1])
for _, field in ipairs(ARGV) do count = count - redis.call('HEXISTS', KEYS[1], field) end
return count
""")
