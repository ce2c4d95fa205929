//! The columns of the contract's interface `stream`.

/// What happened on streams; see `stream.arrivals`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamArrivals {
    /// Index into the connections of the init document.
    pub connections: Vec<u32>,
    /// 1 opened, 2 bytes, 3 closed, 4 room.
    pub kinds: Vec<u8>,
    /// Which session.
    pub sessions: Vec<u64>,
    /// When, ns UTC.
    pub times: Vec<i64>,
    /// Where the bytes of a row end in `data`.
    pub ends: Vec<u32>,
    /// The bytes of all rows.
    pub data: Vec<u8>,
}

/// One row of [`StreamArrivals`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamArrival<'a> {
    /// Index into the connections of the init document.
    pub connection: u32,
    /// What happened; a constant of [`StreamArrivals`], or a number of a newer host.
    pub kind: u8,
    /// Which session.
    pub session: u64,
    /// When, ns UTC.
    pub at: i64,
    /// Its bytes.
    pub bytes: &'a [u8],
}

impl StreamArrivals {
    /// A session has begun.
    pub const OPENED: u8 = 1;
    /// Bytes have come.
    pub const BYTES: u8 = 2;
    /// The session is over.
    pub const CLOSED: u8 = 3;
    /// There is room again.
    pub const ROOM: u8 = 4;

    /// Adds a row.
    pub fn push(&mut self, row: StreamArrival<'_>) {
        self.connections.push(row.connection);
        self.kinds.push(row.kind);
        self.sessions.push(row.session);
        self.times.push(row.at);
        self.data.extend_from_slice(row.bytes);
        self.ends.push(self.data.len() as u32);
    }

    /// All rows, in order; one that doesn't hold together ends them.
    pub fn rows(&self) -> impl Iterator<Item = StreamArrival<'_>> {
        let mut start = 0;
        self.kinds.iter().enumerate().map_while(move |(row, kind)| {
            let end = *self.ends.get(row)? as usize;
            let bytes = self.data.get(start..end)?;
            start = end;
            let (connection, session, at) = (*self.connections.get(row)?, *self.sessions.get(row)?, *self.times.get(row)?);
            Some(StreamArrival { connection, kind: *kind, session, at, bytes })
        })
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }
}

/// What `stream.send` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamSent {
    /// They leave when the step returns.
    Queued,
    /// None of them; a row `room` follows.
    NoRoom,
    /// None of them: that session doesn't stand.
    NoSession,
    /// None of them: the order has expired.
    Expired,
}

impl StreamSent {
    /// From the contract's number; what a newer host says counts as no session.
    pub fn from_number(number: u8) -> Self {
        match number {
            0 => Self::Queued,
            1 => Self::NoRoom,
            3 => Self::Expired,
            _ => Self::NoSession,
        }
    }

    /// The contract's number.
    pub fn number(self) -> u8 {
        match self {
            Self::Queued => 0,
            Self::NoRoom => 1,
            Self::NoSession => 2,
            Self::Expired => 3,
        }
    }
}
