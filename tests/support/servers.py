"""Another server for a hand-made council: a second log, whose node record names the first."""

from confedproto.bodies.node import LastHead, Node
from confedproto.ids import log_id
from confedproto.merkle import Tree
from tests.support.councils import DAY, START, Author, key


class Next(Author):
    """The server that the keyholders put in place of the one before; its log begins anew."""

    def __init__(
        self, kept: Author, *, size: int | None = None, signers: int = 2, server: int = 96
    ) -> None:
        self.network, self.number, self.version = kept.network, kept.number, 1
        self.keyholders, self.threshold = kept.keyholders, kept.threshold
        self.council = kept.council
        self.node_key = key(kept.number * 100 + server)
        self.leaves, self.tree = [], Tree()
        self.log = log_id(self.network, self.council, self.node_key.public)
        size = kept.tree.size if size is None else size
        body = Node(
            number=2,
            key=self.node_key.public,
            transport=key(kept.number * 100 + 95).public,
            expires=START + 90 * DAY,
            previous=kept.leaves[1].id,
            last=LastHead(log=kept.log, size=size, root=kept.tree.root_at(size)),
        )
        self.append(self.make(body, signers=self.keyholders[:signers]))
