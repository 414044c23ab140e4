"""The baseline that does nothing: bare FastAPI + pydantic parses the payment and hands it back."""

from __future__ import annotations

import sys
from typing import Literal

from pydantic import BaseModel


class Payment(BaseModel):
    """The same body our endpoint reads."""

    type: Literal["card"]
    payer: str
    terminal: str
    amount: str
    currency: str


def main(port: int) -> None:
    """Serve until told to stop."""
    import uvicorn
    from fastapi import FastAPI

    app = FastAPI()

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "alive"}

    @app.post("/v1/payments", status_code=201)
    async def pay(payment: Payment) -> Payment:
        return payment

    uvicorn.run(app, port=port, access_log=False, log_level="warning", loop="uvloop", http="httptools")


if __name__ == "__main__":
    main(int(sys.argv[1]))
