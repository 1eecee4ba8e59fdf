//! A reader of Server-Sent Events.

use std::time::Duration;

use reqwest::Response;
use serde_json::Value;
use tokio::time::timeout;

use crate::client::Call;

/// An open stream.
pub struct Events {
    response: Response,
    bytes: Vec<u8>,
}

/// What stands between two empty lines.
#[derive(Debug, Default, PartialEq)]
pub struct Block {
    pub id: Option<i64>,
    pub event: Option<String>,
    pub data: Option<Value>,
    pub retry: Option<u64>,
    pub comment: Option<String>,
}

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

impl Events {
    /// Opens a stream, which must be granted.
    pub async fn open(call: Call) -> Self {
        let response = timeout(PATIENCE, call.open()).await.expect("an answer");
        assert_eq!(response.status(), 200);
        Self { response, bytes: Vec::new() }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.response.headers().get(name).map(|value| value.to_str().unwrap())
    }

    /// The next block; nothing at the end of the stream.
    pub async fn block(&mut self) -> Option<Block> {
        self.try_block().await.unwrap()
    }

    /// Like [`Events::block`]; an error when the connection breaks.
    pub async fn try_block(&mut self) -> reqwest::Result<Option<Block>> {
        loop {
            if let Some(end) = self.bytes.windows(2).position(|two| two == b"\n\n") {
                let block: Vec<u8> = self.bytes.drain(..end + 2).collect();
                return Ok(Some(Block::read(std::str::from_utf8(&block).unwrap())));
            }
            match timeout(PATIENCE, self.response.chunk()).await.expect("a block or the end")? {
                Some(chunk) => self.bytes.extend_from_slice(&chunk),
                None => {
                    assert!(self.bytes.is_empty(), "a block without an end");
                    return Ok(None);
                }
            }
        }
    }

    /// The next notification with its id, which must come.
    pub async fn next(&mut self) -> (i64, Value) {
        loop {
            let block = self.block().await.expect("the stream has ended");
            if let Some(data) = block.data {
                assert_eq!(block.event.as_deref(), Some("notification"));
                return (block.id.unwrap(), data);
            }
        }
    }

    /// The titles of so many notifications.
    pub async fn titles(&mut self, count: usize) -> Vec<String> {
        let mut titles = Vec::new();
        while titles.len() < count {
            titles.push(self.next().await.1["title"].as_str().unwrap().to_owned());
        }
        titles
    }

    /// Reads up to the end, which must come; gives what was on the way.
    pub async fn rest(mut self) -> Vec<Block> {
        let read = async {
            let mut blocks = Vec::new();
            while let Some(block) = self.block().await {
                blocks.push(block);
            }
            blocks
        };
        timeout(PATIENCE, read).await.expect("the end")
    }
}

impl Block {
    fn read(text: &str) -> Self {
        let mut block = Self::default();
        for line in text.lines().filter(|line| !line.is_empty()) {
            let (field, value) = line.split_once(": ").unwrap_or_else(|| panic!("{line:?} is no field"));
            let value = value.to_owned();
            match field {
                "" => block.comment = Some(value),
                "id" => block.id = Some(value.parse().unwrap()),
                "event" => block.event = Some(value),
                "data" => block.data = Some(serde_json::from_str(&value).unwrap()),
                "retry" => block.retry = Some(value.parse().unwrap()),
                _ => panic!("{line:?} is unknown"),
            }
        }
        block
    }
}
