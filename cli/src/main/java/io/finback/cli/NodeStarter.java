package io.finback.cli;

import com.typesafe.config.Config;
import io.finback.runtime.Node;

/** The one entry of a role's boot room, such as {@code MasterNode::start}. Throws {@link io.finback.runtime.StartFailure}. */
@FunctionalInterface
interface NodeStarter {
    Node start(Config config);
}
