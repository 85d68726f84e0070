from django.urls import path

from batches.views import batch, board, dashboard, history, metrics, own_work, trash

urlpatterns = [
    path("dashboard", dashboard.dashboard, name="dashboard"),
    path("dashboard/version", dashboard.version, name="dashboard_version"),
    path("dashboard/views", dashboard.views, name="dashboard_views"),
    path("dashboard/row/<path:batch_id>", dashboard.row, name="dashboard_row"),
    path("metrics", metrics.metrics, name="metrics"),
    path("historial", history.history, name="history"),
    path("historial/<str:operation>", history.operation, name="operation"),
    path("papelera", trash.trash_page, name="trash"),
    path("papelera/restaurar", trash.restore, name="trash_restore"),
    path("papelera/personas", trash.restore_person, name="trash_restore_person"),
    path("papelera/vaciar", trash.empty, name="trash_empty"),
    path("batch-management", board.board, name="board"),
    path("batch-management/column", board.column, name="board_column"),
    path("batch-management/version", board.version, name="board_version"),
    path("batch/<path:batch_id>", batch.batch, name="batch"),
    path("mi-trabajo", own_work.own_work, name="own_work"),
]
