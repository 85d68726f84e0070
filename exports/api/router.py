from ninja import Router

router = Router(tags=["Exportaciones"])
