package io.finback.controlplane.allocator

import io.finback.controlplane.allocator.MaintenanceSchedule.{MachineId, Unavailability, Window}
import io.finback.resources.{AgentId, Disk, FrameworkId, Kind, OfferId, Reservation, Resources, TaskId}
import org.scalatest.funsuite.AnyFunSuite

import java.time.{Duration, Instant}
import java.util.{EnumSet, Optional}
import scala.collection.mutable
import scala.jdk.CollectionConverters._
import scala.util.Random

/**
 * Random histories of everything that is durable in a pool: accepts with operations, what operators command, agents that come, go and
 * change, with crashes at any point, before and after the journal has a batch. After every step the state is rebuilt from the journal
 * alone and from the last snapshot, and every sum from first principles. A failure prints its seed; run again with `-Dfinback.seed=…`.
 */
class DurableHistoriesSpec extends AnyFunSuite {
  private val Runs = 150
  private val Steps = 100
  private val roles = Map("f1" -> "eng", "f2" -> "eng/dev", "f3" -> "*")
  private val frameworks = Vector("f1", "f2", "f3")
  private val machine = new MachineId(Optional.of("host-0"), Optional.empty())

  test("what is durable is the same after any crash, sums are true, and nothing is given twice") {
    val first = Option(System.getProperty("finback.seed")).map(_.toLong).getOrElse(System.nanoTime())
    println(s"durable histories: seed $first")
    val seen = mutable.Map.empty[String, Int].withDefaultValue(0)
    for (run <- 0 until Runs) {
      val seed = first + run
      try new World(new Random(seed), seen).run()
      catch { case failure: Throwable => throw new AssertionError(s"-Dfinback.seed=$seed: ${failure.getMessage}", failure) }
    }
    // A history in which nothing of a kind ever succeeds proves nothing of it.
    for (kind <- Seq("granted", "RESERVE", "UNRESERVE", "CREATE", "DESTROY", "drain", "reactivate", "gone", "quota", "down", "up", "operator change", "drained"))
      assert(seen(kind) > 10, s"$kind happened ${seen(kind)} times in all histories")
  }

  private final class World(random: Random, seen: mutable.Map[String, Int]) {
    private val journal = mutable.Buffer.empty[AllocatorEvent]
    private var snapshot = new AllocatorState().snapshot()
    private var sinceSnapshot = 0
    private var incarnation = 0
    private var state = new AllocatorState()
    private var book = newBook()
    private var now = Instant.EPOCH
    private var next = 0
    private var agents = Vector.tabulate(3)(i => AgentId.of(s"a$i"))
    private val granted = mutable.LinkedHashMap.empty[TaskKey, Holding]
    private val applied = mutable.Set.empty[String]
    private val goneForEver = mutable.Set.empty[AgentId]
    private var pending = Vector.empty[() => Unit]

    def run(): Unit = {
      agents.foreach(a => batch(Vector(r => admit(r, a))))
      for (_ <- 0 until Steps) {
        now = now.plusMillis(700)
        random.nextInt(50) match {
          case 0     => recover()
          case 1 | 2 => lost(); recover()
          case 3     => snapshot = state.snapshot(); sinceSnapshot = journal.size
          case _     => batch(Vector.fill(1 + random.nextInt(5))(r => command(r)))
        }
        check()
      }
    }

    private def batch(commands: Vector[AllocatorRound => Unit]): Unit = {
      pending = Vector.empty
      val round = new AllocatorRound(state, book, now)
      commands.foreach(_.apply(round))
      round.event.ifPresent { event => journal += event; state = state.apply(event) }
      round.check()
      pending.foreach(_.apply())
      state.agents.asScala.foreach(a => book.setOfferable(a.record.id, a.record.isOpen && !state.isDown(a.spec)))
      book.expire(now)
      book.pass(state, now)
      ()
    }

    /** Decided and never journaled: nobody was answered. */
    private def lost(): Unit = {
      val round = new AllocatorRound(state, book, now)
      for (_ <- 0 until 3) command(round)
      pending = Vector.empty
    }

    private def command(round: AllocatorRound): Unit = random.nextInt(22) match {
      case 0 | 1                 => admit(round, agent())
      case 2                     => round.lose(agent()); ()
      case 3 | 4 | 5 | 6 | 7 | 8 => accept(round)
      case 9 | 10 | 11           => end(round)
      case 12                    => join(framework())
      case 13                    => operate("drain", round.operator.drain(agent(), Optional.of(Duration.ofSeconds(1)), random.nextInt(6) == 0))
      case 14 | 15               => operate("reactivate", round.operator.reactivate(agent()))
      case 16                    => if (random.nextInt(4) == 0) gone(round) else operate("deactivate", round.operator.deactivate(agent()))
      case 17                    => quota(round)
      case 18                    => operate("weights", round.operator.setWeights(Map("eng" -> java.lang.Double.valueOf(1.0 + random.nextInt(5))).asJava))
      case 19                    => maintenance(round)
      case 20                    => change(round)
      case _                     => heard(round)
    }

    private def agent(): AgentId = agents(random.nextInt(agents.size))
    private def framework(): String = frameworks(random.nextInt(frameworks.size))

    private def operate(name: String, refusal: Optional[Refusal]): Unit =
      if (refusal.isEmpty) pending :+= (() => seen(name) += 1)

    private def admit(round: AllocatorRound, agent: AgentId): Unit = {
      val total = Resources.of(4.0 + random.nextInt(3), 4096, 1000.0 + 500 * random.nextInt(2))
      val spec = new AgentSpec(agent, s"host-${agents.indexOf(agent)}", 5051, total, Map.empty[String, String].asJava, "1")
      val before = round.sessionOf(agent)
      round.admit(spec, List.empty[Holding].asJava, round.nextSession(agent, 0)) match {
        case in: AllocatorRound.Admitted => assert(in.record.session > before, "session numbers grow")
        case _                           => ()
      }
    }

    private def join(framework: String): Unit = {
      val spec = new ClientSpec(
        Set(roles(framework)).asJava, Set.empty[String].asJava, EnumSet.allOf(classOf[Capability]), OfferConstraints.NONE,
        Map.empty[String, java.util.List[java.util.SortedMap[String, java.lang.Long]]].asJava)
      book.join(FrameworkId.of(framework), spec)
      ()
    }

    private def reserved(role: String, amount: Resources) = Resources.of(Kind.reserved(Reservation.dynamic(role, Optional.empty())), amount)

    private def volume(role: String, id: String, mib: Double, shared: Boolean) = {
      val disk = new Disk(
        Optional.of(new Disk.Persistence(id, Optional.empty())), Optional.of(new Disk.Mount("d", Optional.empty(), false)), Optional.empty())
      Resources.of(Kind.reserved(Reservation.dynamic(role, Optional.empty())).withDisk(Optional.of(disk)).withShared(shared), Resources.of(0, 0, mib))
    }

    private def id(): String = { next += 1; s"x$next" }

    /** Something that may make sense on these resources. */
    private def operation(role: String, on: Resources): ResourceOperation = {
      val target = if (role == "*") "eng" else role
      val special = on.special.asScala.toVector
      def pick(which: Kind => Boolean) = {
        val some = special.filter(s => which(s.kind))
        if (some.isEmpty) None else { val s = some(random.nextInt(some.size)); Some(Resources.of(s.kind, s.amount)) }
      }
      random.nextInt(4) match {
        case 0 => new ResourceOperation(id(), ResourceOperation.Type.RESERVE, reserved(target, Resources.of(0.5 * random.nextInt(3), 0, 100)))
        case 1 => new ResourceOperation(id(), ResourceOperation.Type.CREATE, volume(target, s"v${random.nextInt(4)}", 100, random.nextBoolean()))
        case 2 => new ResourceOperation(id(), ResourceOperation.Type.UNRESERVE, pick(k => k.isReserved && !k.isPersistentVolume).getOrElse(reserved(target, Resources.of(1, 0, 0))))
        case _ => new ResourceOperation(id(), ResourceOperation.Type.DESTROY, pick(_.isPersistentVolume).getOrElse(volume(target, "none", 100, false)))
      }
    }

    private def accept(round: AllocatorRound): Unit = {
      val standing = book.outstanding.asScala.toVector
      if (standing.nonEmpty) {
        val offer = standing(random.nextInt(standing.size))
        val shared = offer.resources.filter(k => k.shared)
        val steps = Vector.fill(1 + random.nextInt(3)) {
          if (random.nextBoolean()) ClaimRound.Step.change(operation(offer.role, offer.resources))
          else {
            val wish = Resources.of(0.1 * (1 + random.nextInt(15)), 64, 0).plus(if (random.nextBoolean()) shared else Resources.EMPTY)
            ClaimRound.Step.launch(List(new ClaimRound.Wish(TaskId.of(id()), wish)).asJava)
          }
        }
        val request = new ClaimRound.Request(
          offer.framework, offer.agent, List(offer.id).asJava, steps.asJava, Duration.ofSeconds(random.nextInt(2).toLong),
          Set(if (offer.role == "*") "eng" else offer.role).asJava, Optional.empty[String], true)
        val outcome = round.claim(request)
        val again = round.claim(
          new ClaimRound.Request(
            request.framework, request.agent, List.empty[OfferId].asJava, request.steps, Duration.ZERO, request.roles, Optional.empty[String], true))
        assert(again.granted == outcome.granted && again.applied == outcome.applied, "a repeated claim is answered differently")
        steps.foreach { step =>
          step.tasks.asScala.filter(w => outcome.granted.contains(w.task)).foreach { wish =>
            val holding = new Holding(new TaskKey(offer.framework, wish.task), offer.agent, wish.resources, offer.role)
            pending :+= (() => { seen("granted") += 1; granted.put(holding.key, holding); () })
          }
          step.change.ifPresent { c =>
            if (outcome.applied.contains(c.id)) pending :+= (() => { seen(c.`type`.name) += 1; applied += s"${offer.framework} ${c.id}"; () })
          }
        }
      }
    }

    private def end(round: AllocatorRound): Unit =
      if (granted.nonEmpty) {
        val key = granted.keys.toVector(random.nextInt(granted.size))
        round.release(key)
        pending :+= (() => { granted.remove(key); () })
      }

    private def gone(round: AllocatorRound): Unit = {
      val agent = this.agent()
      if (round.operator.markGone(agent).isEmpty) pending :+= (() => seen("gone") += 1)
    }

    /** Everybody has heard that what ran on agents that are gone or down is over. */
    private def heard(round: AllocatorRound): Unit = agents.foreach { agent =>
      val over = state.goneAt(agent).isPresent || state.agent(agent).map[Boolean](e => state.isDown(e.spec)).orElse(false)
      if (over) {
        round.releaseAll(agent)
        // Decided by the state as it was: a machine that came up within this batch keeps what it has.
        pending :+= (() => granted.filterInPlace((key, _) => state.holding(key).isPresent || !wasOver(agent, key)))
      }
    }
    private def wasOver(agent: AgentId, key: TaskKey) = granted.get(key).exists(_.agent == agent)

    private def quota(round: AllocatorRound): Unit = {
      val limit = new java.util.TreeMap[String, java.lang.Long](Map("cpus" -> java.lang.Long.valueOf(1000L * random.nextInt(12))).asJava)
      val none = new java.util.TreeMap[String, java.lang.Long]()
      operate("quota", round.operator.setQuotas(List(new Quota("eng", none, if (random.nextInt(3) == 0) none else limit)).asJava, random.nextBoolean()))
    }

    private def maintenance(round: AllocatorRound): Unit = random.nextInt(4) match {
      case 0 => operate("schedule", round.operator.setMaintenance(new MaintenanceSchedule(List(new Window(List(machine).asJava, new Unavailability(now, Optional.empty()))).asJava)))
      case 1 => operate("down", round.operator.bringDown(List(machine).asJava))
      case _ => operate("up", round.operator.bringUp(List(machine).asJava))
    }

    private def change(round: AllocatorRound): Unit = {
      val agent = this.agent()
      state.agent(agent).ifPresent { entry =>
        val operations = List.fill(1 + random.nextInt(2))(operation(if (random.nextBoolean()) "eng" else "sales", entry.unallocated)).asJava
        if (round.operator.changeResources(agent, operations, Optional.empty[String]).isEmpty)
          pending :+= (() => { seen("operator change") += 1; operations.asScala.foreach(o => applied += s"operator ${o.id}") })
      }
    }

    private def replayed(from: AllocatorState, events: Iterable[AllocatorEvent]): AllocatorState = {
      events.foreach(from.apply)
      from
    }

    private def recover(): Unit = {
      state = replayed(AllocatorState.of(snapshot), journal.drop(sinceSnapshot))
      book = newBook()
      frameworks.foreach(join)
      state.agents.asScala.foreach(a => book.setOfferable(a.record.id, a.record.isOpen && !state.isDown(a.spec)))
    }

    private def newBook(): OfferBook = {
      incarnation += 1
      new OfferBook(s"e$incarnation", new OfferPolicy(Duration.ofSeconds(5), 10, 32000))
    }

    private def check(): Unit = {
      val all = sorted(state.snapshot())
      assert(sorted(replayed(new AllocatorState(), journal).snapshot()) == all, "the journal alone gives another state")
      assert(sorted(replayed(AllocatorState.of(snapshot), journal.drop(sinceSnapshot)).snapshot()) == all, "the last snapshot and what follows give another state")
      assert(sorted(AllocatorState.of(state.snapshot()).snapshot()) == all, "a snapshot of now gives another state")
      state.agents.asScala.foreach(checkAgent)
      checkSums()
      granted.values.foreach(h => assert(state.holding(h.key) == Optional.of(h), s"forgot ${h.key}"))
      applied.foreach(a => assert(state.hasApplied(a), s"forgot operation $a"))
      goneForEver ++= agents.filter(a => state.goneAt(a).isPresent)
      goneForEver.foreach(a => assert(state.goneAt(a).isPresent, s"forgot that $a is gone"))
      agents = agents.zipWithIndex.map { case (a, i) => if (goneForEver(a) && state.agent(a).isEmpty) AgentId.of(s"a$i-${id()}") else a }
    }

    private def checkAgent(a: AllocatorState.Entry): Unit = {
      val name = a.record.id
      // From first principles: nothing incrementally kept is believed here. Resources.plus throws if a volume is given twice.
      val allocated = a.tasks.asScala.foldLeft(Resources.EMPTY)((sum, key) => sum.plus(state.holding(key).orElseThrow().resources))
      val offered = book.offersOn(name).asScala.foldLeft(Resources.EMPTY)((sum, o) => sum.plus(o.resources))
      val both = allocated.plus(offered)
      assert(a.total.contains(both), s"$name: offered + allocated $both > total ${a.total}")
      assert(a.allocated == allocated, s"$name: the running sum is off: ${a.allocated}, not $allocated")
      assert(a.total.quantities == a.spec.total.quantities, s"$name: operations changed how much there is: ${a.total}")
      val closed = !a.record.isOpen || state.isDown(a.spec)
      assert(!closed || offered.isEmpty, s"$name is offered and may not be")
      if (a.record.drain.isPresent) {
        assert(a.record.isDraining == !a.tasks.isEmpty || a.record.drain.get.drainedAt.isPresent, s"$name: drained or not")
        if (!a.record.isDraining) seen("drained") += 1
      }
      assert(a.record.goneAt.isEmpty || !a.tasks.isEmpty, s"$name is gone and holds nothing, and is still there")
      assert(a.tasks.asScala.forall(k => state.holding(k).orElseThrow().agent == name), s"$name: a task of another agent")
    }

    private def checkSums(): Unit = {
      val byRole = state.holdings.asScala.groupBy(_.role)
      for (role <- Seq("eng", "eng/dev", "*", "sales")) {
        val held = byRole.getOrElse(role, Nil).map(_.resources.filter(k => !k.shared))
        assert(sum(held) == state.allocated(role).asScala.toMap.view.mapValues(_.longValue).toMap, s"sum of $role")
      }
      for (top <- Seq("eng", "sales")) {
        val unreserved = state.holdings.asScala.filter(_.role.startsWith(top)).map(_.resources.filter(k => !k.isReserved && !k.shared))
        val kept = state.agents.asScala.filter(_.record.isCounted).map(_.total.filter(k => k.reservedTo.filter(r => r.startsWith(top)).isPresent))
        assert(sum(unreserved ++ kept) == state.consumed(top).asScala.toMap.view.mapValues(_.longValue).toMap, s"consumed by $top")
      }
    }

    private def sum(amounts: Iterable[Resources]): Map[String, Long] =
      amounts.flatMap(_.quantities.asScala).groupMapReduce(_._1)(_._2.longValue)(_ + _).filter(_._2 != 0)

    private def sorted(s: AllocatorSnapshot) =
      (s.agents.asScala.toSet, s.holdings.asScala.toSet, s.gone, s.weights, s.quotas.asScala.toSet, s.maintenance, s.operations, s.incarnation)
  }
}
