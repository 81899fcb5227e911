"""The least that asking takes: the same requests, made and parsed, and nothing else.

``python -m benchmarks.bare BASE_URL FILE``; the file holds a JSON list of paths.
"""

import asyncio
import json
import sys
from pathlib import Path

import aiohttp


async def ask(baseurl: str, paths: list[str]) -> int:
    count = 0
    async with aiohttp.ClientSession() as session:
        for path in paths:
            async with session.get(baseurl + path) as response:
                count += len(json.loads(await response.read())["bugs"])
    return count


if __name__ == "__main__":
    print(asyncio.run(ask(sys.argv[1], json.loads(Path(sys.argv[2]).read_text()))))
