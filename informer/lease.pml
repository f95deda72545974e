// SPDX-License-Identifier: Apache-2.0
//
// The Lease protocol of informer/lease.c as a Promela model, for spin. It says: whatever is lost,
// late, paused, killed or given back, no two candidates are ever free to write at the same moment.
// cmake/check_lease_model.sh searches all of its states, and then leaves out one rule at a time (a
// macro below) and demands that the search finds two writers: each rule is known to be needed.
//
//   model                    informer/lease.c
//   round                    try_round and the pauses before it
//   on_fetched, on_read_back on_fetched, on_release_fetched
//   answer                   on_renewed (RENEW), on_written (PUT), on_released (FREE)
//   failure                  the same three with an error; RENEW goes on with slow_path
//   observe, won             observe, won
//   give_back                lease_release, called when no other write is under way
//   finish                   end, lost, and the end of the process
//   MAY_WRITE                lease_may_write, which client_call.c asks before each write
//
// Time is ticks of one rate; every clock is an age that stops counting where it no longer matters,
// so the state space is finite although time is not bounded. A step may come at any time: a
// candidate that takes none is one that is stopped (SIGSTOP) or slow, and its fence timer is late
// too. Instead of a resourceVersion each copy of the record says whether it is the server's last
// one, which is all that a comparison can tell. A Lease that does not exist is held by nobody, and
// creating it is the first write. A request that was given up may still arrive (late_claim,
// late_free); it does so once, or never. A write of anything else may reach the server up to LATE
// ticks after it was sent: so long is the time between the fence and another's first write.

#ifndef N
#define N 2
#endif
// 15 s and 10 s in ticks. Rounds and retries may come at any time, so their period needs no number.
#ifndef DURATION
#define DURATION 3
#endif
#ifndef DEADLINE
#define DEADLINE 2
#endif
#ifndef LATE
#define LATE (DURATION - DEADLINE)
#endif
#define NOBODY N

// The rules, each of which a macro takes away.
#ifdef NO_FENCE // writes for as long as it believes to lead
#define FENCE_OPEN(i) (c[i].phase == LEADING)
#else
#define FENCE_OPEN(i) (c[i].fence > 0)
#endif
#ifdef NO_RESOURCE_VERSION
#define TAKES(is_last) true
#else
#define TAKES(is_last) (is_last)
#endif
#ifdef WALL_CLOCK // the last candidate's clock is an hour fast, and it believes what is written
#define EXPIRED(i) (i == N - 1 || c[i].age >= DURATION)
#else
#define EXPIRED(i) (c[i].age >= DURATION)
#endif
#ifdef BLIND_RELEASE // decided by the cached record, as if nobody could have taken it
#define OURS(i, seen_holder) true
#else
#define OURS(i, seen_holder) (seen_holder == i)
#endif

mtype:phase = { ACQUIRING, LEADING, RELEASING, ENDED };
mtype:request = { NONE, GET, RENEW, PUT, READ_BACK, FREE };

typedef candidate {
    mtype:phase phase;
    // The observed record.
    bool seen;
    byte holder;
    byte age; // since it was first seen
    bool last;
    byte fence; // valid_until - now
    // The request under way and, once the server had it, its answer.
    mtype:request call;
    byte since; // sent
    bool answered;
    bool ok;
    byte got;       // holder in the answer
    bool same;      // the answer is the record observed before
    bool call_last; // the record that it carries is the server's last one
    bool late_claim;
    bool late_free;
    byte flying; // ticks that a write of something else may still be on its way, and one
}

candidate c[N];
byte holder = NOBODY; // the server's record

#define MAY_WRITE(i) ((c[i].phase == LEADING || c[i].phase == RELEASING) && FENCE_OPEN(i))
#define WRITES(call) (call == RENEW || call == PUT)
#define AGES(i) (c[i].holder != NOBODY && c[i].phase != RELEASING)

// The server

inline commit(who)
{
    holder = who;
    for (j : 0 .. N - 1) {
        c[j].last = false;
        c[j].call_last = false;
        c[j].late_claim = false;
        c[j].late_free = false;
    }
    j = 0;
}

inline serve(i)
{
    c[i].answered = true;
    if
    :: c[i].call == GET || c[i].call == READ_BACK ->
        c[i].got = holder;
        c[i].same = c[i].last;
        c[i].call_last = true;
        c[i].ok = true
    :: WRITES(c[i].call) && TAKES(c[i].call_last) ->
        commit(i);
        c[i].call_last = true;
        c[i].got = i;
        c[i].same = false;
        c[i].ok = true
    :: c[i].call == FREE && TAKES(c[i].call_last) ->
        commit(NOBODY);
        c[i].ok = true
    :: else ->
        c[i].ok = false
    fi
}

// A candidate

inline forget_answer(i)
{
    c[i].answered = false;
    c[i].ok = false;
    c[i].got = 0;
    c[i].same = false;
    c[i].call_last = false;
    c[i].since = 0;
}

inline send(i, kind)
{
    forget_answer(i);
    c[i].call = kind;
    c[i].call_last = (kind != GET && kind != READ_BACK && c[i].last);
}

// No answer will be read any more, but the server may yet see the request.
inline give_up(i)
{
    if
    :: !c[i].answered && WRITES(c[i].call) && TAKES(c[i].call_last) -> c[i].late_claim = true
    :: !c[i].answered && c[i].call == FREE && TAKES(c[i].call_last) -> c[i].late_free = true
    :: else
    fi;
    forget_answer(i);
    c[i].call = NONE;
}

inline finish(i)
{
    give_up(i);
    c[i].phase = ENDED;
    c[i].seen = false;
    c[i].holder = NOBODY;
    c[i].age = 0;
    c[i].last = false;
    c[i].fence = 0;
}

inline observe(i)
{
    c[i].age = (c[i].seen && c[i].same -> c[i].age : 0);
    c[i].seen = true;
    c[i].holder = c[i].got;
    c[i].last = c[i].call_last;
}

inline round(i)
{
    if
    :: c[i].seen && c[i].holder == i && c[i].age < DURATION -> send(i, RENEW)
    :: else -> send(i, GET)
    fi
}

inline won(i)
{
    if
    :: c[i].since < DEADLINE ->
        c[i].fence = DEADLINE - c[i].since;
        c[i].phase = LEADING;
        forget_answer(i);
        c[i].call = NONE
    :: c[i].since >= DEADLINE && c[i].phase == LEADING -> finish(i)
    :: else ->
        forget_answer(i);
        c[i].call = NONE
    fi
}

inline on_fetched(i)
{
    observe(i);
    if
    :: c[i].holder == i || c[i].phase == ACQUIRING && (c[i].holder == NOBODY || EXPIRED(i)) ->
        send(i, PUT)
    :: c[i].holder != i && c[i].phase == LEADING -> finish(i)
    :: else ->
        forget_answer(i);
        c[i].call = NONE
    fi
}

inline on_read_back(i)
{
    observe(i);
    if
    :: OURS(i, c[i].holder) ->
        c[i].fence = 0;
        send(i, FREE)
    :: else -> finish(i)
    fi
}

inline answer(i)
{
    if
    :: c[i].call == GET -> on_fetched(i)
    :: WRITES(c[i].call) && c[i].ok ->
        observe(i);
        won(i)
    :: c[i].call == RENEW && !c[i].ok -> send(i, GET)
    :: c[i].call == PUT && !c[i].ok ->
        forget_answer(i);
        c[i].call = NONE
    :: c[i].call == READ_BACK -> on_read_back(i)
    :: c[i].call == FREE && c[i].ok -> finish(i)
    :: c[i].call == FREE && !c[i].ok -> send(i, READ_BACK)
    fi
}

// A time-out, a broken connection, a lost answer.
inline failure(i)
{
    if
    :: c[i].call == RENEW ->
        give_up(i);
        send(i, GET)
    :: c[i].call == READ_BACK || c[i].call == FREE ->
        give_up(i);
        send(i, READ_BACK)
    :: else -> give_up(i)
    fi
}

inline give_back(i)
{
    give_up(i);
    c[i].phase = RELEASING;
    c[i].age = 0;
    send(i, READ_BACK)
}

// The property, asked when a write is sent and when it arrives.
inline alone(i)
{
    for (j : 0 .. N - 1) {
        assert(j == i || !MAY_WRITE(j));
    }
    j = 0;
}

inline write(i)
{
    alone(i);
    c[i].flying = LATE + 1;
}

inline arrive(i)
{
    alone(i);
    c[i].flying = 0;
}

proctype member(byte i)
{
    byte j;

    do
    // What lease.c does.
    :: d_step { (c[i].phase == ACQUIRING || c[i].phase == LEADING) && c[i].call == NONE -> round(i) }
    :: d_step { c[i].answered -> answer(i) }
    :: d_step { c[i].phase == LEADING && c[i].fence == 0 -> finish(i) } // lost
    :: d_step { c[i].phase == LEADING && FENCE_OPEN(i) -> write(i) }
    // What is done to it.
    :: d_step { (c[i].phase == ACQUIRING || c[i].phase == LEADING) && c[i].flying == 0 -> give_back(i) } // SIGTERM
    :: d_step { c[i].phase != ENDED -> finish(i) }                                // kill -9, release_until
    :: d_step { c[i].phase == ENDED -> c[i].phase = ACQUIRING }                   // started again
    :: d_step { c[i].call != NONE -> failure(i) }
    // The server's side of its requests.
    :: d_step { c[i].call != NONE && !c[i].answered -> serve(i) }
    :: d_step { c[i].late_claim -> commit(i) }
    :: d_step { c[i].late_free -> commit(NOBODY) }
    :: d_step { c[i].flying > 0 -> arrive(i) }
    od
}

proctype clock()
{
    byte j;

    do
    :: d_step {
        for (j : 0 .. N - 1) {
            c[j].age = (AGES(j) && c[j].age < DURATION -> c[j].age + 1 : c[j].age);
            c[j].fence = (c[j].fence > 0 -> c[j].fence - 1 : 0);
            c[j].flying = (c[j].flying > 0 -> c[j].flying - 1 : 0);
            c[j].since = (WRITES(c[j].call) && c[j].since < DEADLINE -> c[j].since + 1 : c[j].since);
        }
        j = 0
       }
    od
}

init
{
    byte i;

    atomic {
        for (i : 0 .. N - 1) {
            c[i].phase = ACQUIRING;
            c[i].holder = NOBODY;
            c[i].call = NONE;
            run member(i)
        }
        run clock()
    }
}
